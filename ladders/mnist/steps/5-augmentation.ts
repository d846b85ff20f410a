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
  them 99.08 %. Training accuracy in the last epoch: 98.35 % (deviation 0.06, 95 % interval 98.27 to 98.43) while
  learning (with augmentation and dropout), 99.26 % (deviation 0.06, 95 % interval 99.18 to 99.34) in evaluation
  mode. The lowest of the epochs that count: 99.14 % with seed 2, 99.17 % with seed 3.

Analysis:
- The gap narrowed by 0.17 points (95 % interval 0.11 to 0.23). With these seeds what is left is not told from zero:
  0.02 points (95 % interval -0.04 to 0.08).
- Learning became harder: 98.35 % right while learning, 0.65 points (95 % interval 0.58 to 0.72) less than with
  `fc-layer`. Of the test images 99.27 % are right.
- Test accuracy rose, but by less than 0.1 points: by 0.039 points (95 % interval 0.004 to 0.074).
- 2 of 5 seeds missed the target, though each of them has at least 99.20 % in the mean over the last 3 epochs. A
  rate that falls should quiet the last epochs, so that is next. (not tested)
*/

import {
	claim,
	defineStep,
	equivalent,
	estimate,
	fell,
	type MeasuredRecord,
	percent,
	points,
	rose,
	shift,
} from 'stepladder';
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
				`The gap narrowed by ${shift(from, self, 'gap')}. With these seeds what is left is not told from zero: ${estimate(self.gap)}.`,
			({self, from}) => fell(self, from, 'gap') && self.gap.low < 0 && self.gap.high > 0,
		),
		claim(
			({self, from}) =>
				`Learning became harder: ${percent(self.train.mean)} % right while learning, ${shift(from, self, 'train')} less than ` +
				`with \`${from.name}\`. Of the test images ${percent(self.test.mean)} % are right.`,
			({self, from}) => fell(self, from, 'train'),
		),
		claim(
			({self, from}) => `Test accuracy rose, but by less than 0.1 points: by ${shift(self, from, 'test')}.`,
			({self, from}) => rose(self, from, 'test') && equivalent(self, from, 'test', 0.001),
		),
		claim(
			({self}) => {
				const {testAccuracy = 1, heldFor} = self.record.preregistration.target;
				return (
					`${self.missed.length} of ${self.held.of} seeds missed the target, though each of them has at least ` +
					`${percent(testAccuracy)} % in the mean over the last ${heldFor} epochs. A rate that falls should quiet the last ` +
					'epochs, so that is next.'
				);
			},
			({self}) =>
				self.missed.length > 0 &&
				self.missed.every(({seed}) => lastMean(self, seed) >= (self.record.preregistration.target.testAccuracy ?? 1)),
		),
	],
});

/** A seed's mean test accuracy over the epochs that the target counts. */
const lastMean = ({record}: MeasuredRecord, seed: number): number => {
	const last = record.epochs.filter(row => row.seed === seed).slice(-record.preregistration.target.heldFor);
	return last.reduce((sum, {testCorrect, testTotal}) => sum + testCorrect / testTotal, 0) / last.length;
};
