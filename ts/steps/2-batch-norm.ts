import {defineStep} from '../experiment/define-step.js';
import baseSkeleton from './1-base-skeleton.js';

export default defineStep({
	name: 'batch-norm',
	from: baseSkeleton,
	change: {net: {block: {norm: 'batch'}}},
	target: {
		why:
			'Without normalisation the scale of every layer depends on all before it, and a rate of .01 has to suit them ' +
			'all. Batch norm (Ioffe and Szegedy 2015) gives each channel zero mean and unit variance, so the same rate ' +
			'makes faster progress for 152 more parameters. It changes how fast the net learns more than what it can ' +
			'express: 99 % in the last epochs is what a skeleton of this size should reach when it no longer has to ' +
			'fight its scales.',
		testAccuracy: 0.99,
		heldFor: 3,
		maxParameters: 15_000,
		maxEpochs: 15,
	},
});
