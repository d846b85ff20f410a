import {defineStep} from '../experiment/define-step.js';
import batchNorm from './2-batch-norm.js';

export default defineStep({
	name: 'dropout',
	from: batchNorm,
	change: {net: {block: {dropout: 0.03}}},
	target: {
		why:
			'A net that fits its training images better than the test images can be held back by dropping activations ' +
			'(Srivastava et al. 2014). With 13,312 parameters there is little capacity to spare, and neighbouring ' +
			'pixels of a channel say much the same, so 3 % is enough to try: the gap between training and test should ' +
			'shrink. The 99 % of `batch-norm` should still hold; a gain is not certain, and a loss would be worth knowing.',
		testAccuracy: 0.99,
		heldFor: 3,
		maxParameters: 15_000,
		maxEpochs: 15,
	},
});
