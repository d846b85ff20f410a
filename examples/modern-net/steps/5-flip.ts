import {defineStep} from 'stepladder';
import cosine from './4-cosine.ts';

export default defineStep({
	name: 'flip',
	from: cosine,
	change: {augmentation: [{kind: 'flip'}]},
	target: {
		why: 'A mirrored leaf is a leaf: twice the training images for nothing.',
		testAccuracy: 0.88,
		heldFor: 2,
		maxParameters: 2500,
		maxEpochs: 12,
	},
});
