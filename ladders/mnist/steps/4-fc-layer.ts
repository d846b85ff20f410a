/*
Target: At least 99.00 % of the test images in each of the last 3 epochs, with at most 8,000 parameters and 15
  epochs.
  Why: More than half of the 13,312 parameters of `dropout` sit in the last 6x6 convolution, which learns a template
  of each digit by position. Averaging each channel over the 6 x 6 positions (Lin, Chen and Yan 2013) needs none,
  and two 1x1 convolutions are a small fully connected net on what is left: 6,720 in all, below the budget of 8,000.
  From 99.28 % something may be lost with position; 99 % should hold at half the size.
  Promised: The target and the experiment stood in commit 60be2c3 of 2026-11-22 23:09 UTC, before the first result
  was committed (c0c99d9, 2026-11-23 09:25 UTC). The reason in these words came in the same commit as the first
  result (c0c99d9, 2026-11-23 09:25 UTC), so nothing shows that it stood before.

Result: Held by 5 of 5 seeds (seeds 1 to 5), with 6,720 parameters and 15 epochs, on the `fused` engine. Test
  accuracy over the last five epochs: 99.23 % (deviation 0.03, 95 % interval 99.19 to 99.27); lowest in any of them
  98.93 %. Training accuracy in the last epoch: 99.00 % (deviation 0.04, 95 % interval 98.94 to 99.06) while
  learning (with dropout), 99.45 % (deviation 0.08, 95 % interval 99.35 to 99.55) in evaluation mode.

Analysis:
- With half the parameters (6,720 of 13,312) test accuracy fell by 0.06 points (95 % interval 0.03 to 0.09).
- It fits the training images less well, in evaluation mode by 0.164 points (95 % interval 0.009 to 0.319), and the
  gap narrowed by 0.14 points (95 % interval 0.03 to 0.25).
- A gap of 0.20 points (95 % interval 0.12 to 0.28) is left: more varied training images are next.
*/

import {claim, defineStep, estimate, fell, isAbove, percent, shift} from 'stepladder';
import dropout from './3-dropout.ts';

export default defineStep({
	name: 'fc-layer',
	from: dropout,
	change: {
		net: {
			head: [
				{kind: 'average-pool', kernel: 6},
				{kind: 'block', channels: 19, kernel: 1, padding: 0},
				{kind: 'conv', channels: 10, kernel: 1, padding: 0, bias: false},
				{kind: 'flatten'},
			],
		},
	},
	target: {
		why: ({from}) =>
			`More than half of the ${from.parameters.toLocaleString('en')} parameters of \`${from.name}\` sit in the last 6x6 ` +
			'convolution, which learns a template of each digit by position. Averaging each channel over the 6 x 6 ' +
			'positions (Lin, Chen and Yan 2013) needs none, and two 1x1 convolutions are a small fully connected net on ' +
			`what is left: 6,720 in all, below the budget of 8,000. From ${percent(from.test.mean)} % something may be lost ` +
			'with position; 99 % should hold at half the size.',
		testAccuracy: 0.99,
		heldFor: 3,
		maxParameters: 8000,
		maxEpochs: 15,
	},
	analysis: [
		claim(
			({self, from}) =>
				`With half the parameters (${self.parameters.toLocaleString('en')} of ${from.parameters.toLocaleString('en')}) test accuracy ` +
				`fell by ${shift(from, self, 'test')}.`,
			({self, from}) => fell(self, from, 'test') && Math.abs(self.parameters / from.parameters - 0.5) < 0.01,
		),
		claim(
			({self, from}) =>
				`It fits the training images less well, in evaluation mode by ${shift(from, self, 'trainClean')}, and the gap ` +
				`narrowed by ${shift(from, self, 'gap')}.`,
			({self, from}) => fell(self, from, 'trainClean') && fell(self, from, 'gap'),
		),
		claim(
			({self}) => `A gap of ${estimate(self.gap)} is left: more varied training images are next.`,
			({self}) => isAbove(self, 'gap', 0),
		),
	],
});
