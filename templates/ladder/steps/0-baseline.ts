import {defineStep} from 'stepladder';

export default defineStep({
	name: 'baseline',
	experiment: {
		net: {
			channels: 3,
			size: 16,
			classes: 3,
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: true, norm: 'none', dropout: 0},
			body: [
				{kind: 'block', channels: 8, kernel: 3, padding: 0},
				{kind: 'max-pool', kernel: 2},
				{kind: 'block', channels: 12, kernel: 3, padding: 0},
			],
			head: [
				{kind: 'average-pool', kernel: 5},
				{kind: 'conv', channels: 3, kernel: 1, padding: 0, bias: true},
				{kind: 'flatten'},
			],
		},
		optimizer: {momentum: 0.9, nesterov: true, weightDecay: 1e-4},
		schedule: {kind: 'constant', learningRate: 0.01},
		labelSmoothing: 0,
		batchSize: 32,
		epochs: 10,
	},
	target: {
		why:
			'The first thing to know is that data, loss and evaluation fit together. Three classes are guessed with 33 %: a ' +
			'net that finds edges at all should get well beyond that.',
		testAccuracy: 0.6,
		heldFor: 3,
		maxParameters: 2000,
		maxEpochs: 10,
	},
});
