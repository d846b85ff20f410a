import {defineStep} from 'stepladder';

// Every kind of layer, and every setting of the trainer.
export default defineStep({
	name: 'everything',
	experiment: {
		net: {
			channels: 1,
			size: 20,
			classes: 3,
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: true, norm: 'batch', dropout: 0.05},
			body: [
				{kind: 'block', channels: 8, kernel: 3, padding: 1},
				{kind: 'block', channels: 20, kernel: 5, padding: 0},
				{kind: 'max-pool', kernel: 2},
				{kind: 'block', channels: 6, kernel: 1, padding: 0},
				{kind: 'block', channels: 16, kernel: 3, padding: 0},
			],
			head: [
				{kind: 'average-pool', kernel: 2},
				{kind: 'conv', channels: 3, kernel: 3, padding: 0, bias: true},
				{kind: 'flatten'},
			],
		},
		augmentation: {
			rotation: 7,
			translation: 0.1,
			scaleMin: 0.9,
			scaleMax: 1.1,
			shear: 5,
			brightness: 0.2,
			contrast: 0.2,
		},
		optimizer: {momentum: 0.9, nesterov: true, weightDecay: 1e-4},
		schedule: {
			kind: 'one-cycle',
			maxLearningRate: 0.05,
			pctStart: 0.3,
			divFactor: 10,
			finalDivFactor: 100,
			cycleMomentum: {base: 0.85, max: 0.95},
		},
		averaging: {decay: 0.9},
		labelSmoothing: 0.05,
		batchSize: 25,
		epochs: 2,
	},
	target: {
		why: 'Whatever a platform may do differently should show in a run that leaves nothing out.',
		testAccuracy: 0.9,
		heldFor: 1,
		maxParameters: 8000,
		maxEpochs: 10,
	},
});
