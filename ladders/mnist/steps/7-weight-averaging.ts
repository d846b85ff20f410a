/*
Target: At least 99.40 % of the test images in each of the last 5 epochs, with at most 8,000 parameters and 15
  epochs.
  Why: `lr-scheduler` held 99.4 % with 3 of 5 seeds. What it missed, it missed in the epochs whose rate had not yet
  fallen; over the last five its seeds have 99.49 % in the mean. An average of the weights over the last steps
  (Polyak and Juditsky 1992; Izmailov et al. 2018) takes the noise of single steps out of every epoch, without a
  change to how the net learns. Its decay of .998 a step spans about an epoch. With that the same 99.4 % should be
  held by every seed.
  Promised: The target, the experiment and the reason stood in commit c0c99d9 of 2026-11-23 09:25 UTC, before the
  first result was committed (c1e7518, 2026-11-23 09:34 UTC).

Result: Held by 5 of 5 seeds (seeds 1 to 5), with 6,720 parameters and 15 epochs, on the `fused` engine. Test
  accuracy over the last five epochs: 99.51 % (deviation 0.02, 95 % interval 99.49 to 99.54); lowest in any of them
  99.47 %. Training accuracy in the last epoch: 98.88 % (deviation 0.04, 95 % interval 98.83 to 98.94) while
  learning (with augmentation and dropout), 99.54 % (deviation 0.01, 95 % interval 99.53 to 99.56) in evaluation
  mode.

Analysis:
- Every seed held the target, and the lowest of all their last five epochs has 99.47 %: in the mean over seeds the
  lowest rose by 0.07 points (95 % interval 0.03 to 0.11).
- It steadies rather than improves: the last five epochs spread less by 0.07 points (95 % interval 0.04 to 0.11),
  while their mean can’t be told from that of `lr-scheduler`: it differs by 0.02 points (95 % interval -0.00 to
  0.04).
- How the net learns has not changed: with each seed it meets its batches with just the accuracy of `lr-scheduler`,
  since averages are judged and kept but not learned from.
- What remains: a seed gets 47 test images wrong after the last epoch, and 12 of them are wrong with every seed.
  Training images are hardly known better (a gap of 0.01 points), so a next step would have to learn more, not
  generalise better.
*/

import {claim, defineStep, fell, mistakesOf, percent, points, type Recorded, rose, same, shift} from 'stepladder';
import lrScheduler from './6-lr-scheduler.ts';

export default defineStep({
	name: 'weight-averaging',
	from: lrScheduler,
	change: {averaging: {decay: 0.998}},
	target: {
		why: ({from}) =>
			`\`${from.name}\` held 99.4 % with ${from.held.count} of ${from.held.of} seeds. What it missed, it missed in the epochs ` +
			`whose rate had not yet fallen; over the last five its seeds have ${percent(from.test.mean)} % in the mean. An average of ` +
			'the weights over the last steps (Polyak and Juditsky 1992; Izmailov et al. 2018) takes the noise of single ' +
			'steps out of every epoch, without a change to how the net learns. Its decay of .998 a step spans about an ' +
			'epoch. With that the same 99.4 % should be held by every seed.',
		testAccuracy: 0.994,
		heldFor: 5,
		maxParameters: 8000,
		maxEpochs: 15,
	},
	analysis: [
		claim(
			({self, from}) =>
				`Every seed held the target, and the lowest of all their last five epochs has ${percent(Math.min(...self.lowest.values))} %: ` +
				`in the mean over seeds the lowest rose by ${shift(self, from, 'lowest')}.`,
			({self, from}) => self.held.count === self.held.of && rose(self, from, 'lowest'),
		),
		claim(
			({self, from}) =>
				`It steadies rather than improves: the last five epochs spread less by ${shift(from, self, 'unrest')}, while their ` +
				`mean can’t be told from that of \`${from.name}\`: it differs by ${shift(self, from, 'test')}.`,
			({self, from}) => fell(self, from, 'unrest') && same(self, from, 'test'),
		),
		claim(
			({from}) =>
				`How the net learns has not changed: with each seed it meets its batches with just the accuracy of \`${from.name}\`, ` +
				'since averages are judged and kept but not learned from.',
			({self, from}) => self.seeds.every(seed => self.train.bySeed.get(seed) === from.train.bySeed.get(seed)),
		),
		claim(
			({self}) => {
				const {shared, each} = mistakes(self);
				return (
					`What remains: a seed gets ${each.toFixed(0)} test images wrong after the last epoch, and ${shared} of them are wrong ` +
					`with every seed. Training images are hardly known better (a gap of ${points(self.gap.mean)}), so a next step would ` +
					'have to learn more, not generalise better.'
				);
			},
			({self}) => mistakes(self).shared > mistakes(self).each / 4 && self.gap.high < 0.0005,
		),
	],
});

/** Mistakes of a seed in the mean, and those that all seeds share. */
const mistakes = (self: Recorded): {shared: number; each: number} => {
	const all = mistakesOf(self);
	return {
		shared: all.filter(({seeds}) => seeds === self.seeds.length).length,
		each: all.reduce((sum, {seeds}) => sum + seeds, 0) / self.seeds.length,
	};
};
