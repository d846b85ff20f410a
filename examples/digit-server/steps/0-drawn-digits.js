import {defineStep} from 'stepladder';

export default defineStep({
	name: 'drawn-digits',
	experiment: {
		net: {
			channels: 1,
			size: 28,
			classes: 10,
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: false, norm: 'batch', dropout: 0},
			body: [
				{kind: 'block', channels: 8, kernel: 3, padding: 0},
				{kind: 'block', channels: 16, kernel: 3, padding: 0},
				{kind: 'max-pool', kernel: 2},
				{kind: 'block', channels: 8, kernel: 1, padding: 0},
				{kind: 'block', channels: 8, kernel: 3, padding: 0},
				{kind: 'block', channels: 16, kernel: 3, padding: 0},
				{kind: 'block', channels: 20, kernel: 3, padding: 0},
			],
			head: [
				{kind: 'average-pool', kernel: 6},
				{kind: 'block', channels: 19, kernel: 1, padding: 0},
				{kind: 'conv', channels: 10, kernel: 1, padding: 0, bias: false},
				{kind: 'flatten'},
			],
		},
		// Everybody draws at a slant and a size of their own.
		augmentation: {
			rotation: 10,
			translation: 0.1,
			scaleMin: 0.85,
			scaleMax: 1.15,
			shear: 8,
			brightness: 0,
			contrast: 0,
		},
		optimizer: {momentum: 0.9, nesterov: true, weightDecay: 1e-4},
		schedule: {kind: 'one-cycle', maxLearningRate: 0.1, pctStart: 0.2, divFactor: 25, finalDivFactor: 1e4},
		labelSmoothing: 0,
		batchSize: 128,
		epochs: 5,
	},
	target: {
		why:
			'Whoever starts the server wants to draw within a minute, so it has five epochs. One cycle of the learning rate ' +
			'settles even in so few: 99 % of the test images should be right.',
		testAccuracy: 0.99,
		heldFor: 1,
		maxParameters: 8000,
		maxEpochs: 5,
	},
});
