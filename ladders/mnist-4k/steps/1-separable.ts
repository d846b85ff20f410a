/*
Target: At least 99.40 % of the test images in each of the last 5 epochs, with at most 4,000 parameters and 15
  epochs.
  Why: Behind the first pool a dense 3x3 convolution of 10 channels has 900 parameters; a depthwise one and a
  pointwise one (Howard et al. 2017) have 580 for 20 channels. So the dense layers stay where one image channel
  becomes twelve, and separable ones with residuals around them (He et al. 2016) follow; the head weighs 3 x 3
  positions per channel before it mixes channels. In a search of 10 nets by short trainings this one had a loss of
  0.0305 on held-out images with fresh seeds, in place of 0.0342, lower with 2 of 2 seeds: too few to be
  significant, but with 3,604 parameters instead of 4,908. So under 4,000 the 99.4 % should be as near as they were
  under 5,000.
  Promised: On 2026-11-30 23:28 UTC, at commit 8be628d with changes that were not committed, before these seeds were
  trained. Ledger: 2a265e25ecc1.

Result: Missed: held by 5 of 10 seeds (seeds 1 to 10), with 3,604 parameters and 15 epochs, on the `fused` engine.
  Test accuracy over the last five epochs: 99.40 % (deviation 0.04, 95 % interval 99.36 to 99.44); lowest in any of
  them 99.29 %. Training accuracy in the last epoch: 99.15 % (deviation 0.04, 95 % interval 99.12 to 99.18) while
  learning (with augmentation), 99.49 % (deviation 0.03, 95 % interval 99.46 to 99.52) in evaluation mode. The
  lowest of the epochs that count: 99.38 % with seed 2, 99.29 % with seed 5, 99.35 % with seed 8, 99.32 % with seed
  9, 99.39 % with seed 10. After the last epoch: balanced accuracy 99.39 % (95 % interval 99.35 to 99.43); macro F1
  99.39 % (95 % interval 99.35 to 99.43); top-3 accuracy 99.96 % (95 % interval 99.95 to 99.97); expected
  calibration error 0.15 % (95 % interval 0.12 to 0.18). Lowest recall: 6, 98.84 %, with a precision of 99.64 %.
  Always answering 1 gets 11.35 %. No test image is in the training set.

Analysis:
- With 1,304 parameters less the mean of the last five epochs stayed as it was, to less than 0.1 points: it moved by
  0.00 points (95 % interval -0.06 to 0.06).
- 5 of 10 seeds held the target, where 2 of `baseline` did. Those that missed it have at least 99.29 % in every
  epoch that counts. (not tested)
- The gap between training and test images is below 0.2 points: it has little to forget and could learn more. ELU,
  which helped the ladder `mnist-1k`, is the next thing to try here.
*/

import {claim, defineStep, equivalent, isBelow, percent, type SweepSummary, shift} from 'stepladder';
import baseline from './0-baseline.ts';

export default defineStep({
	name: 'separable',
	from: baseline,
	change: {
		net: {
			body: [
				{kind: 'block', channels: 8, kernel: 3, padding: 0},
				{kind: 'block', channels: 12, kernel: 3, padding: 0},
				{kind: 'max-pool', kernel: 2},
				{kind: 'separable', channels: 20, kernel: 3, padding: 0, between: false},
				{kind: 'residual', layers: [{kind: 'separable', channels: 20, kernel: 3, padding: 1, between: false}]},
				{kind: 'residual', layers: [{kind: 'separable', channels: 20, kernel: 3, padding: 1, between: false}]},
				{kind: 'max-pool', kernel: 2},
				{kind: 'separable', channels: 20, kernel: 3, padding: 0, between: false},
			],
			head: [
				{kind: 'conv', channels: 20, kernel: 3, padding: 0, bias: false, groups: 'depthwise'},
				{kind: 'conv', channels: 10, kernel: 1, padding: 0, bias: false},
				{kind: 'flatten'},
			],
		},
	},
	target: {
		why: ({from, sweep}) => {
			const {found, unchanged, lower, of} = search(sweep('nets'));
			return (
				'Behind the first pool a dense 3x3 convolution of 10 channels has 900 parameters; a depthwise one and a pointwise one ' +
				'(Howard et al. 2017) have 580 for 20 channels. So the dense layers stay where one image channel becomes twelve, and ' +
				'separable ones with residuals around them (He et al. 2016) follow; the head weighs 3 x 3 positions per channel ' +
				`before it mixes channels. In a search of 10 nets by short trainings this one had a loss of ${found} on held-out images ` +
				`with fresh seeds, in place of ${unchanged}, lower with ${lower} of ${of} seeds: too few to be significant, but with ` +
				`3,604 parameters instead of ${from.parameters.toLocaleString('en')}. So under 4,000 the 99.4 % should be as near as they ` +
				'were under 5,000.'
			);
		},
		testAccuracy: 0.994,
		heldFor: 5,
		maxParameters: 4000,
		maxEpochs: 15,
	},
	analysis: [
		claim(
			({self, from}) =>
				`With ${(from.parameters - self.parameters).toLocaleString('en')} parameters less the mean of the last five epochs stayed as it was, to less ` +
				`than 0.1 points: it moved by ${shift(self, from, 'test')}.`,
			({self, from}) => equivalent(self, from, 'test', 0.001),
		),
		claim(
			({self, from}) =>
				`${self.held.count} of ${self.held.of} seeds held the target, where ${from.held.count} of \`${from.name}\` did. Those that missed it have at ` +
				`least ${percent(Math.min(...self.lowest.values))} % in every epoch that counts.`,
			({self, from}) => self.held.count > from.held.count && Math.min(...self.lowest.values) > 0.99,
		),
		claim(
			() =>
				'The gap between training and test images is below 0.2 points: it has little to forget and could learn more. ELU, which helped ' +
				'the ladder `mnist-1k`, is the next thing to try here.',
			({self}) => isBelow(self, 'gap', 0.002),
		),
	],
});

const search = ({trials, base}: SweepSummary) => {
	const [chosen, unchanged] = [trials.find(({name}) => name === 'net dense-then-separable'), base].map(
		trial => trial?.final,
	);
	const pairs = (chosen?.values ?? []).map((value, index) => value < (unchanged?.values[index] ?? 0));
	return {
		...{found: chosen?.mean.toFixed(4), unchanged: unchanged?.mean.toFixed(4)},
		...{lower: pairs.filter(Boolean).length, of: pairs.length},
	};
};
