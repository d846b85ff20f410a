/*
Target: At least 99.40 % of the test images in each of the last 5 epochs, with at most 5,000 parameters and 15
  epochs.
  Why: `weight-averaging` of the ladder `mnist` holds 99.4 % with 6,720 parameters, most of them behind its first
  pool. Strokes are a few pixels wide, so here three of six convolutions see the whole image before anything is
  pooled, and a second pool and a head that keeps a grid of 2 x 2 positions take the place of wide layers. Such a
  net has 4,908 parameters. It cannot learn 60,000 images by heart, so it has no dropout, and its augmentation is
  milder. With less than 5,000 parameters the same 99.4 % in each of the last five epochs is ambitious.
  Promised: On 2026-11-30 22:57 UTC, at commit 4f97687 with changes that were not committed, before these seeds were
  trained. 1 other run of the step, with other seeds or settings, had been evaluated on the test images. Ledger:
  40a2e99692b4.

Result: Missed: held by 2 of 10 seeds (seeds 1 to 10), with 4,908 parameters and 15 epochs, on the `fused` engine.
  Test accuracy over the last five epochs: 99.40 % (deviation 0.06, 95 % interval 99.35 to 99.45); lowest in any of
  them 99.29 %. Training accuracy in the last epoch: 99.00 % (deviation 0.05, 95 % interval 98.96 to 99.04) while
  learning (with augmentation), 99.48 % (deviation 0.03, 95 % interval 99.46 to 99.50) in evaluation mode. The
  lowest of the epochs that count: 99.38 % with seed 1, 99.35 % with seed 3, 99.30 % with seed 4, 99.39 % with seed
  5, 99.37 % with seed 7, 99.38 % with seed 8, 99.29 % with seed 9, 99.39 % with seed 10. After the last epoch:
  balanced accuracy 99.39 % (95 % interval 99.35 to 99.43); macro F1 99.39 % (95 % interval 99.35 to 99.43); top-3
  accuracy 99.97 % (95 % interval 99.96 to 99.98); expected calibration error 0.17 % (95 % interval 0.13 to 0.21).
  Lowest recall: 6, 98.92 %, with a precision of 99.60 %. Always answering 1 gets 11.35 %. No test image is in the
  training set.

Analysis:
- 8 of 10 seeds missed the target, but none by much: the lowest of their last epochs is 99.29 %. (not tested)
- In evaluation mode it gets 99.48 % of its training images right, and 99.40 % of the test images: the gap is below
  0.2 points. Parameters are what is short, and dense convolutions of ten channels spend most of them, so these are
  next.
*/

import {claim, defineStep, isBelow, percent} from 'stepladder';

export default defineStep({
	name: 'baseline',
	experiment: {
		net: {
			channels: 1,
			size: 28,
			classes: 10,
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: false, norm: 'batch', dropout: 0},
			body: [
				{kind: 'block', channels: 8, kernel: 3, padding: 0},
				{kind: 'block', channels: 10, kernel: 3, padding: 0},
				{kind: 'block', channels: 10, kernel: 3, padding: 1},
				{kind: 'max-pool', kernel: 2},
				{kind: 'block', channels: 10, kernel: 3, padding: 0},
				{kind: 'block', channels: 10, kernel: 3, padding: 0},
				{kind: 'max-pool', kernel: 2},
				{kind: 'block', channels: 10, kernel: 3, padding: 0},
			],
			head: [{kind: 'conv', channels: 10, kernel: 2, padding: 0, bias: false}, {kind: 'flatten'}],
		},
		augmentation: [{kind: 'affine', rotation: 10, translation: 0.075, scaleMin: 0.9, scaleMax: 1.1, shear: 6}],
		optimizer: {kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 1e-4},
		schedule: {kind: 'one-cycle', maxLearningRate: 0.1, pctStart: 0.2, divFactor: 25, finalDivFactor: 1e4},
		averaging: {decay: 0.999},
		labelSmoothing: 0,
		batchSize: 64,
		epochs: 15,
	},
	target: {
		why:
			'`weight-averaging` of the ladder `mnist` holds 99.4 % with 6,720 parameters, most of them behind its first pool. ' +
			'Strokes are a few pixels wide, so here three of six convolutions see the whole image before anything is pooled, ' +
			'and a second pool and a head that keeps a grid of 2 x 2 positions take the place of wide layers. Such a net has 4,908 ' +
			'parameters. It cannot learn 60,000 images by heart, so it has no dropout, and its augmentation is milder. With ' +
			'less than 5,000 parameters the same 99.4 % in each of the last five epochs is ambitious.',
		testAccuracy: 0.994,
		heldFor: 5,
		maxParameters: 5000,
		maxEpochs: 15,
	},
	analysis: [
		claim(
			({self}) =>
				`${self.missed.length} of ${self.held.of} seeds missed the target, but none by much: the lowest of their last epochs is ` +
				`${percent(Math.min(...self.lowest.values))} %.`,
			({self}) => self.missed.length > 0 && Math.min(...self.lowest.values) > 0.99,
		),
		claim(
			({self}) =>
				`In evaluation mode it gets ${percent(self.trainClean.mean)} % of its training images right, and ${percent(self.test.mean)} % of the ` +
				'test images: the gap is below 0.2 points. Parameters are what is short, and dense convolutions of ten channels spend ' +
				'most of them, so these are next.',
			({self}) => isBelow(self, 'gap', 0.002),
		),
	],
});
