import {defineStep} from 'stepladder';

export default defineStep({
	name: 'plain',
	experiment: {
		net: {
			channels: 3,
			size: 24,
			classes: 4,
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: false, norm: 'batch', dropout: 0},
			body: [
				{kind: 'block', channels: 12, kernel: 3, padding: 1},
				{kind: 'max-pool', kernel: 2},
				{kind: 'block', channels: 16, kernel: 3, padding: 1},
				{kind: 'block', channels: 16, kernel: 3, padding: 1, stride: 2},
			],
			head: [{kind: 'global-average-pool'}, {kind: 'linear', features: 4}],
		},
		optimizer: {momentum: 0.9, nesterov: true, weightDecay: 1e-4},
		schedule: {kind: 'constant', learningRate: 0.05},
		labelSmoothing: 0,
		batchSize: 24,
		epochs: 12,
	},
	target: {
		why: 'Four classes are guessed with 25 %. Outlines should be seen by a net of three layers: at least twice that.',
		testAccuracy: 0.6,
		heldFor: 2,
		maxParameters: 5000,
		maxEpochs: 12,
	},
});
