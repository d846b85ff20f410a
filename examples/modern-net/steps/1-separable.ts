import {defineStep} from 'stepladder';
import plain from './0-plain.ts';

export default defineStep({
	name: 'separable',
	from: plain,
	change: {
		net: {
			body: {
				2: {kind: 'separable', channels: 16, kernel: 3, padding: 1},
				3: {kind: 'separable', channels: 16, kernel: 3, padding: 1, stride: 2},
			},
		},
	},
	target: {
		why:
			'A small board has little room. A 3 x 3 convolution in each channel, then one of 1 x 1 across them, takes a sixth of the ' +
			'parameters; shapes should survive that.',
		testAccuracy: 0.6,
		heldFor: 2,
		maxParameters: 1500,
		maxEpochs: 12,
	},
});
