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
		schedule: {kind: 'constant', learningRate: 0.02},
		labelSmoothing: 0,
		batchSize: 32,
		epochs: 8,
	},
	target: {
		why: 'Three classes are guessed with 33 %. A net that sees edges should get well beyond that.',
		testAccuracy: 0.6,
		heldFor: 2,
		maxParameters: 2000,
		maxEpochs: 8,
	},
});
