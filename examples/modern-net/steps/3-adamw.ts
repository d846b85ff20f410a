import {defineStep} from 'stepladder';
import residual from './2-residual.ts';

export default defineStep({
	name: 'adamw',
	from: residual,
	change: {optimizer: {kind: 'adamw', weightDecay: 0.05, decayed: 'weights'}, schedule: {learningRate: 0.005}},
	target: {
		why:
			'Depthwise kernels get gradients of quite other sizes than the convolutions beside them. AdamW gives each parameter a ' +
			'rate of its own; its usual rates are a tenth of those of SGD, so the rate goes with it.',
		testAccuracy: 0.8,
		heldFor: 2,
		maxParameters: 2500,
		maxEpochs: 12,
	},
});
