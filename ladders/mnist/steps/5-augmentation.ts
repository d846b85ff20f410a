/*
Target: At least 99.20 % of the test images in each of the last 3 epochs, with at most 8,000 parameters and 15
  epochs.
  Why: The test digits were written by other people than the training digits: what differs is slant, size and place.
  Turning by up to 10 degrees, shearing by up to 8, moving by up to 2 pixels and scaling by up to 15 % makes such
  variety without turning one digit into another, so the net sees no image twice. The gap of 0.20 points that
  `fc-layer` has should close, training accuracy should fall below test accuracy, and the lowest of the last epochs
  (99.12 % in the mean over seeds) should rise to 99.2 %.
  Promised: The target and the experiment stood in commit 60be2c3 of 2026-11-22 23:09 UTC, before the first result
  was committed (c0c99d9, 2026-11-23 09:25 UTC). The reason in these words came in the same commit as the first
  result (c0c99d9, 2026-11-23 09:25 UTC), so nothing shows that it stood before.

Result: Missed: held by 3 of 5 seeds (seeds 1 to 5), with 6,720 parameters and 15 epochs, on the `fused` engine.
  Test accuracy over the last five epochs: 99.27 % (deviation 0.06, 95 % interval 99.20 to 99.34); lowest in any of
  them 99.08 %. Training accuracy in the last epoch: 98.35 % (deviation 0.06, 95 % interval 98.28 to 98.43) while
  learning (with augmentation and dropout), 99.26 % (deviation 0.06, 95 % interval 99.19 to 99.35) in evaluation
  mode. The lowest of the epochs that count: 99.14 % with seed 2, 99.17 % with seed 3.

Analysis:
- The gap closed: it is narrower by 0.17 points (95 % interval 0.12 to 0.23), and what is left can’t be told from
  zero (95 % interval -0.03 to 0.07 points).
- Learning became harder than the test: 98.35 % while learning, 0.65 points (95 % interval 0.58 to 0.72) less than
  before, against 99.27 % on test images.
- Test accuracy rose by no more than 0.04 points (95 % interval 0.00 to 0.07).
- 2 of 5 seeds missed the target: at a constant rate the last epochs spread over 0.18 points within a seed, while
  their mean lies only 0.07 points above it. A rate that falls is next.
*/

import {claim, defineStep, difference, fell, interval, percent, points, rose, shift} from 'stepladder';
import fcLayer from './4-fc-layer.ts';

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
		why: ({from}) =>
			'The test digits were written by other people than the training digits: what differs is slant, size and ' +
			'place. Turning by up to 10 degrees, shearing by up to 8, moving by up to 2 pixels and scaling by up to 15 % ' +
			'makes such variety without turning one digit into another, so the net sees no image twice. The gap of ' +
			`${points(from.gap.mean)} that \`${from.name}\` has should close, training accuracy should fall below test accuracy, ` +
			`and the lowest of the last epochs (${percent(from.lowest.mean)} % in the mean over seeds) should rise to 99.2 %.`,
		testAccuracy: 0.992,
		heldFor: 3,
		maxParameters: 8000,
		maxEpochs: 15,
	},
	analysis: [
		claim(
			({self, from}) =>
				`The gap closed: it is narrower by ${shift(from, self, 'gap')}, and what is left can’t be told from zero ` +
				`(95 % interval ${interval(self.gap)} points).`,
			({self, from}) => fell(self, from, 'gap') && self.gap.low < 0 && self.gap.high > 0,
		),
		claim(
			({self, from}) =>
				`Learning became harder than the test: ${percent(self.train.mean)} % while learning, ` +
				`${shift(from, self, 'train')} less than before, against ${percent(self.test.mean)} % on test images.`,
			({self, from}) => fell(self, from, 'train') && self.train.high < self.test.low,
		),
		claim(
			({self, from}) => `Test accuracy rose by no more than ${shift(self, from, 'test')}.`,
			({self, from}) => rose(self, from, 'test') && difference(self, from, 'test').difference.mean < 0.001,
		),
		claim(
			({self}) =>
				`${self.held.of - self.held.count} of ${self.held.of} seeds missed the target: at a constant rate the last epochs ` +
				`spread over ${points(self.unrest.mean)} within a seed, while their mean lies only ` +
				`${points(self.test.mean - 0.992)} above it. A rate that falls is next.`,
			({self}) => self.held.count < self.held.of && self.test.mean > 0.992 && self.unrest.mean > self.test.mean - 0.992,
		),
	],
});
