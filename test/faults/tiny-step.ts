import {defineStep, type Step, type StepDefinition} from '../../ts/index.js';

/** A step that learns 28 x 28 images in a moment, for any number of epochs. */
export const tinyDefinition: StepDefinition = {
	name: 'tiny',
	experiment: {
		net: {
			...{channels: 1, size: 28, classes: 10},
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: false, norm: 'batch', dropout: 0.1},
			body: [
				{kind: 'max-pool', kernel: 4},
				{kind: 'block', channels: 4, kernel: 3, padding: 0},
			],
			head: [{kind: 'conv', channels: 10, kernel: 5, padding: 0, bias: true}, {kind: 'flatten'}],
		},
		optimizer: {momentum: 0.9, nesterov: true, weightDecay: 1e-4},
		schedule: {kind: 'constant', learningRate: 0.01},
		...{labelSmoothing: 0, batchSize: 32, epochs: 1},
	},
	target: {why: 'Bars are easy to tell.', testAccuracy: 0.5, heldFor: 1, maxParameters: 2000, maxEpochs: 10_000},
};

export const tinyStep: Step = defineStep(tinyDefinition);
