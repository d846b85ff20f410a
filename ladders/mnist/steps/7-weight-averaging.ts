/*
Target: At least 99.40 % of the test images in each of the last 5 epochs, with at most 8,000 parameters and 15
  epochs.
  Why: `lr-scheduler` held 99.4 % with 3 of 5 seeds. What it missed, it missed in the epochs whose rate had not yet
  fallen; over the last five its seeds have 99.49 % in the mean. An average of the weights over the last steps
  (Polyak and Juditsky 1992; Izmailov et al. 2018) takes the noise of single steps out of every epoch, without a
  change to how the net learns. Its decay of .998 a step spans about an epoch. With that the same 99.4 % should be
  held by every seed.
  Correction: What `lr-scheduler` missed, it missed in epochs 11 and 12, the first of the last five, whose rates of
  0.0250 and 0.0146 are the highest of these. But most of the fall from the peak of 0.100 was behind them: the rate
  had fallen.
  Promised: The target, the experiment and the reason stood in commit c0c99d9 of 2026-11-23 09:25 UTC, before the
  first result was committed (c1e7518, 2026-11-23 09:34 UTC).

Result: Held by 5 of 5 seeds (seeds 1 to 5), with 6,720 parameters and 15 epochs, on the `fused` engine. Test
  accuracy over the last five epochs: 99.51 % (deviation 0.02, 95 % interval 99.48 to 99.54); lowest in any of them
  99.47 %. Training accuracy in the last epoch: 98.88 % (deviation 0.04, 95 % interval 98.82 to 98.94) while
  learning (with augmentation and dropout), 99.54 % (deviation 0.01, 95 % interval 99.52 to 99.56) in evaluation
  mode.

Analysis:
- Every seed held the target, with 99.47 % in the lowest of all last epochs. In the mean over seeds the lowest rose
  by 0.07 points (95 % interval 0.03 to 0.11).
- The last five epochs spread less, by 0.07 points (95 % interval 0.03 to 0.11). Their mean stayed as it was, to
  less than 0.1 points: it moved by 0.017 points (95 % interval -0.002 to 0.036).
- How the net learns has not changed: in every epoch of every seed it gets just as many training images right as
  `lr-scheduler`, with the same loss. Averages are judged and kept, but not learned from. (not tested)
- After the last epoch a seed gets 46.6 test images wrong in the mean. 12 images are wrong with every seed, more
  than a quarter of that. (not tested)
- The gap between training and test images is below 0.1 points.
*/

import {
	claim,
	defineStep,
	equivalent,
	fell,
	isBelow,
	type MeasuredRecord,
	mistakesOf,
	percent,
	rose,
	shift,
} from 'stepladder';
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
		correction: ({from}) => {
			const missed = missedEpochs(from);
			const peak = Math.max(...from.record.epochs.map(({learningRate}) => learningRate));
			const rates = missed.map(({learningRate}) => learningRate.toPrecision(3)).join(' and ');
			return (
				`What \`${from.name}\` missed, it missed in epochs ${missed.map(({epoch}) => epoch).join(' and ')}, the first of the ` +
				`last five, whose rates of ${rates} are the highest of these. But most of the fall from the peak of ` +
				`${peak.toPrecision(3)} was behind them: the rate had fallen.`
			);
		},
		testAccuracy: 0.994,
		heldFor: 5,
		maxParameters: 8000,
		maxEpochs: 15,
	},
	analysis: [
		claim(
			({self, from}) =>
				`Every seed held the target, with ${percent(Math.min(...self.lowest.values))} % in the lowest of all last epochs. In the ` +
				`mean over seeds the lowest rose by ${shift(self, from, 'lowest')}.`,
			({self, from}) => self.held.count === self.held.of && rose(self, from, 'lowest'),
		),
		claim(
			({self, from}) =>
				`The last five epochs spread less, by ${shift(from, self, 'range')}. Their mean stayed as it was, to less than 0.1 ` +
				`points: it moved by ${shift(self, from, 'test')}.`,
			({self, from}) => fell(self, from, 'range') && equivalent(self, from, 'test', 0.001),
		),
		claim(
			({from}) =>
				`How the net learns has not changed: in every epoch of every seed it gets just as many training images right as ` +
				`\`${from.name}\`, with the same loss. Averages are judged and kept, but not learned from.`,
			({self, from}) => learnsAlike(self, from),
		),
		claim(
			({self}) => {
				const {shared, each} = mistakes(self);
				return (
					`After the last epoch a seed gets ${each.toFixed(1)} test images wrong in the mean. ${shared} images are wrong with every ` +
					'seed, more than a quarter of that.'
				);
			},
			({self}) => mistakes(self).shared > mistakes(self).each / 4,
		),
		claim(
			() => 'The gap between training and test images is below 0.1 points.',
			({self}) => isBelow(self, 'gap', 0.001),
		),
	],
});

/** The epochs of the last five in which a seed had less than the target, each once. */
const missedEpochs = ({record, epochs}: MeasuredRecord): Array<{epoch: number; learningRate: number}> => {
	const below = record.epochs.filter(
		({epoch, testCorrect, testTotal}) => epoch > epochs - 5 && testCorrect / testTotal < 0.994,
	);
	return [...new Map(below.map(row => [row.epoch, row])).values()].toSorted((a, b) => a.epoch - b.epoch);
};

/** Whether all epochs went the same while learning. */
const learnsAlike = (self: MeasuredRecord, from: MeasuredRecord): boolean => {
	const learned = ({record}: MeasuredRecord): string =>
		JSON.stringify(
			record.epochs.map(({seed, epoch, trainLoss, trainCorrect}) => [seed, epoch, trainLoss, trainCorrect]),
		);
	return learned(self) === learned(from);
};

/** Mistakes of a seed in the mean, and those that all seeds share. */
const mistakes = (self: MeasuredRecord): {shared: number; each: number} => {
	const all = mistakesOf(self);
	return {
		shared: all.filter(({seeds}) => seeds === self.seeds.length).length,
		each: all.reduce((sum, {seeds}) => sum + seeds, 0) / self.seeds.length,
	};
};
