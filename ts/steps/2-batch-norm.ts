/*
Target: At least 99.00 % of the test images in each of the last 3 epochs, with at most 15,000 parameters and 15
  epochs.
  Why: Without normalisation the scale of every layer depends on all before it, and a rate of .01 has to suit them
  all. Batch norm (Ioffe and Szegedy 2015) gives each channel zero mean and unit variance, so the same rate makes
  faster progress for 152 more parameters. It changes how fast the net learns more than what it can express: 99 % in
  the last epochs is what a skeleton of this size should reach when it no longer has to fight its scales.

Result: Held by 5 of 5 seeds (seeds 1 to 5), with 13,312 parameters and 15 epochs, on the `fused` engine. Test
  accuracy over the last five epochs: 99.21 % (deviation 0.05, 95 % interval 99.15 to 99.28); lowest in any of them
  99.03 %. Training accuracy in the last epoch: 99.75 % (deviation 0.04, 95 % interval 99.71 to 99.80) while
  learning, 99.77 % (deviation 0.08, 95 % interval 99.68 to 99.87) in evaluation mode.

Analysis:
- none yet
*/

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
