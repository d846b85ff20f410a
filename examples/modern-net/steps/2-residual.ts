import {defineStep} from 'stepladder';
import separable from './1-separable.ts';

export default defineStep({
	name: 'residual',
	from: separable,
	change: {
		net: {
			body: {
				4: {
					kind: 'residual',
					zeroInit: true,
					layers: [
						{kind: 'separable', channels: 16, kernel: 3, padding: 1},
						{kind: 'separable', channels: 16, kernel: 3, padding: 1, activation: 'none'},
					],
				},
			},
		},
	},
	target: {
		why:
			'The parameters saved pay for depth: two more layers see four pixels further. As a residual that starts as its shortcut ' +
			'they can’t stand in the way of what is learned already.',
		testAccuracy: 0.7,
		heldFor: 2,
		maxParameters: 2500,
		maxEpochs: 12,
	},
});
