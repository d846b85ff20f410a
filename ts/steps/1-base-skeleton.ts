import {defineStep} from '../experiment/define-step.js';
import basicSetup from './0-basic-setup.js';

export default defineStep({
	name: 'base-skeleton',
	from: basicSetup,
	change: {
		net: {
			block: {bias: false},
			body: [
				{kind: 'block', channels: 8, kernel: 3, padding: 0},
				{kind: 'block', channels: 16, kernel: 3, padding: 0},
				{kind: 'max-pool', kernel: 2},
				{kind: 'block', channels: 8, kernel: 1, padding: 0},
				{kind: 'block', channels: 8, kernel: 3, padding: 0},
				{kind: 'block', channels: 16, kernel: 3, padding: 0},
				{kind: 'block', channels: 20, kernel: 3, padding: 0},
			],
			head: [{kind: 'conv', channels: 10, kernel: 6, padding: 0, bias: false}, {kind: 'flatten'}],
		},
	},
	target: {
		why:
			'The shape of the final net is settled before its details: edges and textures in 26 x 26 and 24 x 24, one ' +
			'pooling once the receptive field is 5, a 1x1 convolution to mix channels cheaply, parts of digits after it. ' +
			'With 485 times fewer parameters than `basic-setup` some accuracy has to go; 98 % says that the skeleton ' +
			'learns, and leaves the rest to the steps that follow.',
		testAccuracy: 0.98,
		heldFor: 3,
		maxParameters: 15_000,
		maxEpochs: 15,
	},
});
