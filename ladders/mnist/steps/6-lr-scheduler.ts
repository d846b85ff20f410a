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
  Test accuracy over the last five epochs: 99.49 % (deviation 0.03, 95 % interval 99.46 to 99.54); lowest in any of
  them 99.38 %. Training accuracy in the last epoch: 98.88 % (deviation 0.04, 95 % interval 98.83 to 98.94) while
  learning (with augmentation and dropout), 99.55 % (deviation 0.02, 95 % interval 99.54 to 99.57) in evaluation
  mode. The lowest of the epochs that count: 99.38 % with seed 3, 99.38 % with seed 5.

Analysis:
- Test accuracy rose by 0.23 points (95 % interval 0.14 to 0.31).
- It learned more rather than generalised better: accuracy on training images in evaluation mode rose by 0.29 points
  (95 % interval 0.20 to 0.38), and no change of the gap can be told: it is -0.00 points (95 % interval -0.04 to
  0.04).
- The first epoch, while the rate rises, is behind by 3.13 points (95 % interval 0.73 to 5.52); the fifteen together
  make up for it.
- 2 of 5 seeds missed the target. With each of them the lowest of the last five epochs is the first or the second of
  these, while the rate is still falling: what the last steps do to the last epochs, averaging the weights should do
  to those before them, so that is next.
*/

import {claim, defineStep, fell, percent, points, type Recorded, rose, same, shift} from 'stepladder';
import augmentation from './5-augmentation.ts';

export default defineStep({
	name: 'lr-scheduler',
	from: augmentation,
	change: {
		schedule: {kind: 'one-cycle', maxLearningRate: 0.1, pctStart: 0.2, divFactor: 25, finalDivFactor: 1e4},
	},
	target: {
		why: ({from}) =>
			`At a constant rate the last epochs of \`${from.name}\` spread over ${points(from.unrest.mean)} within a seed, and no gap ` +
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
				'It learned more rather than generalised better: accuracy on training images in evaluation mode rose by ' +
				`${shift(self, from, 'trainClean')}, and no change of the gap can be told: it is ${shift(self, from, 'gap')}.`,
			({self, from}) => rose(self, from, 'trainClean') && same(self, from, 'gap'),
		),
		claim(
			({self, from}) =>
				`The first epoch, while the rate rises, is behind by ${shift(from, self, 'first')}; the fifteen together make up for it.`,
			({self, from}) => fell(self, from, 'first') && rose(self, from, 'test'),
		),
		claim(
			({self}) =>
				`${self.held.of - self.held.count} of ${self.held.of} seeds missed the target. With each of them the lowest of the last ` +
				'five epochs is the first or the second of these, while the rate is still falling: what the last steps do to ' +
				'the last epochs, averaging the weights should do to those before them, so that is next.',
			({self}) => self.held.count < self.held.of && self.seeds.every(seed => lowestIsEarly(self, seed)),
		),
	],
});

/** Whether the lowest of a seed's last five test accuracies is among the first two of them. */
const lowestIsEarly = ({record}: Recorded, seed: number): boolean => {
	const last = record.epochs
		.filter(row => row.seed === seed)
		.slice(-5)
		.map(({testCorrect}) => testCorrect);
	return last.indexOf(Math.min(...last)) < 2;
};
