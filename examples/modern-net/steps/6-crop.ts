import {defineStep} from 'stepladder';
import flip from './5-flip.ts';

export default defineStep({
	name: 'crop',
	from: flip,
	change: {augmentation: {1: {kind: 'crop', padding: 2, fill: 'edge'}}},
	target: {
		why: 'A leaf may lie anywhere. Crops of an image with a border move it by up to two pixels, and each epoch sees other ones.',
		testAccuracy: 0.9,
		heldFor: 2,
		maxParameters: 2500,
		maxEpochs: 12,
	},
});
