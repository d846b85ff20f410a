/*
Target: At least 99.00 % of the test images in each of the last 5 epochs, with at most 1,000 parameters and 60
  epochs.
  Why: `residual` has 98.95 % of the test images right and 98.86 % of the training images, in evaluation mode: 15
  epochs are too few for so small a net to learn what it can. The goal of 99.0 % under 1,000 parameters may take
  more of them, as the public runs of this size had up to 200. So this step leaves the 15 epochs of the goal, and
  says so: 60, with the same cycle of the rate stretched over them. If epochs are what was missing, every seed holds
  99.0 %.
  Promised: On 2026-12-01 03:09 UTC, at commit e4f5962, before these runs. This is attempt 2: of those before, 1 was
  recorded. Seeds 1 to 10 had been trained with these settings before, and evaluated on the test images. Ledger:
  55f2d69813a6.

Result: Held by 10 of 10 seeds (seeds 1 to 10), with 999 parameters and 60 epochs, on the `fused` engine. Test
  accuracy over the last five epochs: 99.13 % (deviation 0.06, 95 % interval 99.08 to 99.18); lowest in any of them
  99.01 %. Training accuracy in the last epoch: 98.70 % (deviation 0.08, 95 % interval 98.64 to 98.76) while
  learning (with augmentation), 99.08 % (deviation 0.06, 95 % interval 99.03 to 99.13) in evaluation mode. After the
  last epoch: balanced accuracy 99.12 % (95 % interval 99.07 to 99.17); macro F1 99.12 % (95 % interval 99.07 to
  99.17); top-3 accuracy 99.95 % (95 % interval 99.93 to 99.97); expected calibration error 0.33 % (95 % interval
  0.27 to 0.39). Lowest recall: 9, 98.37 %, with a precision of 99.07 %. Always answering 1 gets 11.35 %. No test
  image is in the training set.

Analysis:
- Every seed held the target, with 99.01 % in the lowest of all last epochs: in 60 epochs, more than the goal of the
  ladder allows. (not tested)
- Test accuracy rose by 0.18 points (95 % interval 0.13 to 0.23), that on training images, in evaluation mode, by
  0.22 points (95 % interval 0.18 to 0.26). Epochs were what was missing.
- The gap between training and test images is below 0.1 points still: there is room for more epochs.
*/

import {claim, defineStep, isBelow, percent, rose, shift} from 'stepladder';
import residual from './1-residual.ts';

export default defineStep({
	name: 'longer',
	from: residual,
	change: {epochs: 60},
	target: {
		why: ({from}) =>
			`\`${from.name}\` has ${percent(from.test.mean)} % of the test images right and ${percent(from.trainClean.mean)} % of the training ` +
			'images, in evaluation mode: 15 epochs are too few for so small a net to learn what it can. The goal of 99.0 % under ' +
			'1,000 parameters may take more of them, as the public runs of this size had up to 200. So this step leaves the 15 ' +
			'epochs of the goal, and says so: 60, with the same cycle of the rate stretched over them. If epochs are what was ' +
			'missing, every seed holds 99.0 %.',
		testAccuracy: 0.99,
		heldFor: 5,
		maxParameters: 1000,
		maxEpochs: 60,
	},
	analysis: [
		claim(
			({self}) =>
				`Every seed held the target, with ${percent(Math.min(...self.lowest.values))} % in the lowest of all last epochs: in 60 epochs, more than ` +
				'the goal of the ladder allows.',
			({self}) => self.held.count === self.held.of && self.epochs === 60,
		),
		claim(
			({self, from}) =>
				`Test accuracy rose by ${shift(self, from, 'test')}, that on training images, in evaluation mode, by ` +
				`${shift(self, from, 'trainClean')}. Epochs were what was missing.`,
			({self, from}) => rose(self, from, 'test') && rose(self, from, 'trainClean'),
		),
		claim(
			() => 'The gap between training and test images is below 0.1 points still: there is room for more epochs.',
			({self}) => isBelow(self, 'gap', 0.001),
		),
	],
});
