/*
Target: At least 98.70 % of the test images in each of the last 5 epochs, with at most 1,000 parameters and 15
  epochs.
  Why: With 999 parameters `baseline` gets as many of its training images wrong as of the test images: it has too
  little to learn with, and no regularisation will help. A rectifier throws half of its input away, which seven
  channels can ill afford: ELU (Clevert et al. 2016) keeps what is below zero. And a residual (He et al. 2016) of a
  depthwise 3x3 and a pointwise convolution takes the place of a 2x2 one: it sees a wider window for fewer
  parameters, and the wider fourth layer takes these. Of 7 nets this one had the lowest loss on held-out images,
  0.0416 in place of 0.0474; corrected for their number that is not significant, so ten seeds are to decide. 8 of 10
  seeds of `baseline` have at least 98.70 % in each of the last five epochs, and with this all should.
  Promised: On 2026-11-30 23:24 UTC, at commit 70189fb, before these seeds were trained. Ledger: 3ad10bc25fcf.

Result: Held by 10 of 10 seeds (seeds 1 to 10), with 999 parameters and 15 epochs, on the `fused` engine. Test
  accuracy over the last five epochs: 98.95 % (deviation 0.09, 95 % interval 98.88 to 99.02); lowest in any of them
  98.81 %. Training accuracy in the last epoch: 98.41 % (deviation 0.09, 95 % interval 98.34 to 98.48) while
  learning (with augmentation), 98.86 % (deviation 0.05, 95 % interval 98.82 to 98.90) in evaluation mode. After the
  last epoch: balanced accuracy 98.97 % (95 % interval 98.90 to 99.04); macro F1 98.97 % (95 % interval 98.90 to
  99.04); top-3 accuracy 99.94 % (95 % interval 99.92 to 99.96); expected calibration error 0.37 % (95 % interval
  0.33 to 0.41). Lowest recall: 9, 98.34 %, with a precision of 98.61 %. Always answering 1 gets 11.35 %. No test
  image is in the training set.

Analysis:
- Test accuracy rose by 0.16 points (95 % interval 0.10 to 0.22), with as many parameters. The lowest of the last
  five epochs rose by 0.17 points (95 % interval 0.10 to 0.24).
- It fits the training images better, too, in evaluation mode by 0.09 points (95 % interval 0.03 to 0.15): what was
  missing was what the layers can express.
- In the mean it is 0.04 points below the goal of 99.00 %. The gap to the training images is below 0.1 points still,
  so more epochs are next.
*/

import {claim, defineStep, isBelow, points, rose, type SweepSummary, shift} from 'stepladder';
import baseline from './0-baseline.ts';

export default defineStep({
	name: 'residual',
	from: baseline,
	change: {
		net: {
			block: {activation: 'elu'},
			body: {
				4: {
					kind: 'residual',
					layers: [
						{kind: 'block', channels: 7, kernel: 3, padding: 1, groups: 'depthwise'},
						{kind: 'block', channels: 7, kernel: 1, padding: 0},
					],
				},
				5: {kind: 'block', channels: 7, kernel: 2, padding: 0},
			},
		},
	},
	target: {
		why: ({from, sweep}) => {
			const {tried, found, unchanged} = search(sweep('activations'));
			return (
				`With ${from.parameters} parameters \`${from.name}\` gets as many of its training images wrong as of the test images: it has ` +
				'too little to learn with, and no regularisation will help. A rectifier throws half of its input away, which seven ' +
				'channels can ill afford: ELU (Clevert et al. 2016) keeps what is below zero. And a residual (He et al. 2016) of ' +
				'a depthwise 3x3 and a pointwise convolution takes the place of a 2x2 one: it sees a wider window for fewer parameters, ' +
				`and the wider fourth layer takes these. Of ${tried} nets this one had the lowest loss on held-out images, ` +
				`${found} in place of ${unchanged}; corrected for their number that is not significant, so ten seeds are to decide. ` +
				`${from.lowest.values.filter(lowest => lowest >= 0.987).length} of ${from.held.of} seeds of \`${from.name}\` have at least ` +
				'98.70 % in each of the last five epochs, and with this all should.'
			);
		},
		testAccuracy: 0.987,
		heldFor: 5,
		maxParameters: 1000,
		maxEpochs: 15,
	},
	analysis: [
		claim(
			({self, from}) =>
				`Test accuracy rose by ${shift(self, from, 'test')}, with as many parameters. The lowest of the last five epochs rose by ` +
				`${shift(self, from, 'lowest')}.`,
			({self, from}) => rose(self, from, 'test') && rose(self, from, 'lowest'),
		),
		claim(
			({self, from}) =>
				`It fits the training images better, too, in evaluation mode by ${shift(self, from, 'trainClean')}: what was missing ` +
				'was what the layers can express.',
			({self, from}) => rose(self, from, 'trainClean'),
		),
		claim(
			({self}) =>
				`In the mean it is ${points(0.99 - self.test.mean)} below the goal of 99.00 %. The gap to the training images is below 0.1 ` +
				'points still, so more epochs are next.',
			({self}) => self.test.mean < 0.99 && isBelow(self, 'gap', 0.001),
		),
	],
});

const search = ({trials, base}: SweepSummary) => ({
	tried: trials.length,
	found: trials.find(({name}) => name === 'net residual-elu')?.objective?.mean.toFixed(4),
	unchanged: base.objective?.mean.toFixed(4),
});
