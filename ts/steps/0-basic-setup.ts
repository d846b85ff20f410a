import {defineStep} from '../experiment/define-step.js';

export default defineStep({
	name: 'basic-setup',
	experiment: {
		net: {
			channels: 1,
			size: 28,
			classes: 10,
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: true, norm: 'none', dropout: 0},
			body: [
				{kind: 'block', channels: 32, kernel: 3, padding: 1},
				{kind: 'block', channels: 64, kernel: 3, padding: 1},
				{kind: 'max-pool', kernel: 2},
				{kind: 'block', channels: 128, kernel: 3, padding: 1},
				{kind: 'block', channels: 256, kernel: 3, padding: 1},
				{kind: 'max-pool', kernel: 2},
				{kind: 'block', channels: 512, kernel: 3, padding: 0},
				{kind: 'block', channels: 1024, kernel: 3, padding: 0},
			],
			head: [{kind: 'conv', channels: 10, kernel: 3, padding: 0, bias: true}, {kind: 'flatten'}],
		},
		optimizer: {momentum: 0.9, nesterov: true, weightDecay: 1e-4},
		schedule: {kind: 'constant', learningRate: 0.01},
		labelSmoothing: 0,
		batchSize: 128,
		epochs: 15,
	},
	target: {
		why:
			'The first thing to know is that data, loss and evaluation fit together. Six million parameters can learn ' +
			'MNIST by heart, and plain convolutional nets have passed 99 % on it since LeNet-5 (99.05 %, LeCun et al. ' +
			'1998): less than 99 % in the last epochs would mean a mistake in the set-up, not in the net.',
		testAccuracy: 0.99,
		heldFor: 3,
		maxParameters: 6_400_000,
		maxEpochs: 15,
	},
});
