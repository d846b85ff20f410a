import {defineStep} from '../experiment/define-step.js';
import fcLayer from './4-fc-layer.js';

export default defineStep({
	name: 'augmentation',
	from: fcLayer,
	change: {
		augmentation: {
			rotation: 10,
			translation: 0.1,
			scaleMin: 0.85,
			scaleMax: 1.15,
			shear: 8,
			brightness: 0,
			contrast: 0,
		},
	},
	target: {
		why:
			'The test digits were written by other people than the training digits: what differs is slant, size and ' +
			'place. Turning by up to 10 degrees, shearing by up to 8, moving by up to 2 pixels and scaling by up to 15 % ' +
			'makes such variety without turning one digit into another, so the net sees no image twice. Training ' +
			'accuracy should fall below test accuracy, and the test reach 99.2 %.',
		testAccuracy: 0.992,
		heldFor: 3,
		maxParameters: 8000,
		maxEpochs: 15,
	},
});
