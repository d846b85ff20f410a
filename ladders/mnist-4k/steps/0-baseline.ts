import {defineStep} from 'stepladder';

export default defineStep({
	name: 'baseline',
	experiment: {
		net: {
			channels: 1,
			size: 28,
			classes: 10,
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: false, norm: 'batch', dropout: 0},
			body: [
				{kind: 'block', channels: 8, kernel: 3, padding: 0},
				{kind: 'block', channels: 10, kernel: 3, padding: 0},
				{kind: 'block', channels: 10, kernel: 3, padding: 1},
				{kind: 'max-pool', kernel: 2},
				{kind: 'block', channels: 10, kernel: 3, padding: 0},
				{kind: 'block', channels: 10, kernel: 3, padding: 0},
				{kind: 'max-pool', kernel: 2},
				{kind: 'block', channels: 10, kernel: 3, padding: 0},
			],
			head: [{kind: 'conv', channels: 10, kernel: 2, padding: 0, bias: false}, {kind: 'flatten'}],
		},
		augmentation: [{kind: 'affine', rotation: 10, translation: 0.075, scaleMin: 0.9, scaleMax: 1.1, shear: 6}],
		optimizer: {kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 1e-4},
		schedule: {kind: 'one-cycle', maxLearningRate: 0.1, pctStart: 0.2, divFactor: 25, finalDivFactor: 1e4},
		averaging: {decay: 0.999},
		labelSmoothing: 0,
		batchSize: 64,
		epochs: 15,
	},
	target: {
		why:
			'`weight-averaging` of the ladder `mnist` holds 99.4 % with 6,720 parameters, most of them behind its first pool. ' +
			'Strokes are a few pixels wide, so here three of six convolutions see the whole image before anything is pooled, ' +
			'and a second pool and a head that keeps a grid of 2 x 2 positions take the place of wide layers. Such a net has 4,908 ' +
			'parameters. It cannot learn 60,000 images by heart, so it has no dropout, and its augmentation is milder. With ' +
			'less than 5,000 parameters the same 99.4 % in each of the last five epochs is ambitious.',
		testAccuracy: 0.994,
		heldFor: 5,
		maxParameters: 5000,
		maxEpochs: 15,
	},
});
