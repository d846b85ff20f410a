/*
Target: At least 99.40 % of the test images in each of the last 5 epochs, with at most 8,000 parameters and 15
  epochs.
  Why: At a constant rate the last epochs of `augmentation` spread over 0.18 points within a seed, and no gap is
  left to close: it has to learn more, and end quietly. One cycle (Smith and Topin 2018) warms up to a rate ten
  times as high, which 15 epochs can use to get far, and lets it fall to almost nothing, so that the weights settle.
  From 99.27 % the goal of 99.4 % in each of the last five epochs is ambitious.
  Promised: The target and the experiment stood in commit 60be2c3 of 2026-11-22 23:09 UTC, before the first result
  was committed (1679ba1, 2026-11-23 00:00 UTC). The reason in these words came after it, in commit c0c99d9 of
  2026-11-23 09:25 UTC.

Result: Missed: held by 3 of 5 seeds (seeds 1 to 5), with 6,720 parameters and 15 epochs, on the `fused` engine.
  Test accuracy over the last five epochs: 99.49 % (deviation 0.03, 95 % interval 99.45 to 99.53); lowest in any of
  them 99.38 %. Training accuracy in the last epoch: 98.88 % (deviation 0.04, 95 % interval 98.82 to 98.94) while
  learning (with augmentation and dropout), 99.55 % (deviation 0.02, 95 % interval 99.53 to 99.57) in evaluation
  mode. The lowest of the epochs that count: 99.38 % with seed 3, 99.38 % with seed 5.

Analysis:
- Test accuracy rose by 0.23 points (95 % interval 0.14 to 0.32).
- It fits the training images better, in evaluation mode by 0.29 points (95 % interval 0.19 to 0.39). The gap stayed
  as it was, to less than 0.1 points: it moved by 0.00 points (95 % interval -0.05 to 0.05).
- After one epoch, with the rate still rising, it is behind by 3.13 points (95 % interval 0.73 to 5.53).
- 2 of 5 seeds missed the target. With each of these the lowest of the last five epochs is the first or the second
  of them, where the rate is highest. Averaging the weights should steady these, so that is next. (not tested)
*/

import {claim, defineStep, equivalent, fell, type MeasuredRecord, percent, points, rose, shift} from 'stepladder';
import augmentation from './5-augmentation.ts';

export default defineStep({
	name: 'lr-scheduler',
	from: augmentation,
	change: {
		schedule: {kind: 'one-cycle', maxLearningRate: 0.1, pctStart: 0.2, divFactor: 25, finalDivFactor: 1e4},
	},
	target: {
		why: ({from}) =>
			`At a constant rate the last epochs of \`${from.name}\` spread over ${points(from.range.mean)} within a seed, and no gap ` +
			'is left to close: it has to learn more, and end quietly. One cycle (Smith and Topin 2018) warms up to a rate ' +
			'ten times as high, which 15 epochs can use to get far, and lets it fall to almost nothing, so that the ' +
			`weights settle. From ${percent(from.test.mean)} % the goal of 99.4 % in each of the last five epochs is ambitious.`,
		testAccuracy: 0.994,
		heldFor: 5,
		maxParameters: 8000,
		maxEpochs: 15,
	},
	analysis: [
		claim(
			({self, from}) => `Test accuracy rose by ${shift(self, from, 'test')}.`,
			({self, from}) => rose(self, from, 'test'),
		),
		claim(
			({self, from}) =>
				`It fits the training images better, in evaluation mode by ${shift(self, from, 'trainClean')}. The gap stayed as it ` +
				`was, to less than 0.1 points: it moved by ${shift(self, from, 'gap')}.`,
			({self, from}) => rose(self, from, 'trainClean') && equivalent(self, from, 'gap', 0.001),
		),
		claim(
			({self, from}) => `After one epoch, with the rate still rising, it is behind by ${shift(from, self, 'first')}.`,
			({self, from}) => fell(self, from, 'first') && self.seeds.every(seed => rateRises(self, seed)),
		),
		claim(
			({self}) =>
				`${self.missed.length} of ${self.held.of} seeds missed the target. With each of these the lowest of the last five epochs is ` +
				'the first or the second of them, where the rate is highest. Averaging the weights should steady these, so ' +
				'that is next.',
			({self}) => self.missed.length > 0 && self.missed.every(({seed}) => lowestIsEarly(self, seed)),
		),
	],
});

const rowsOf = ({record}: MeasuredRecord, seed: number) => record.epochs.filter(row => row.seed === seed);

/** Whether the second epoch ends at a higher rate than the first. */
const rateRises = (self: MeasuredRecord, seed: number): boolean => {
	const [first, second] = rowsOf(self, seed).map(({learningRate}) => learningRate);
	return first !== undefined && second !== undefined && second > first;
};

/** Whether the first two of a seed's last five epochs have its lowest test accuracy, the others more, at a rate that falls. */
const lowestIsEarly = (self: MeasuredRecord, seed: number): boolean => {
	const last = rowsOf(self, seed).slice(-5);
	const correct = last.map(({testCorrect}) => testCorrect);
	const falls = last.every(
		({learningRate}, index) => index === 0 || learningRate < (last[index - 1]?.learningRate ?? 0),
	);
	return falls && Math.min(...correct.slice(0, 2)) < Math.min(...correct.slice(2));
};
