import {defineLadder, mnist} from 'stepladder';

const source = 'a public run, a single seed, its best epoch on the test images';

export default defineLadder({
	name: 'MNIST in 4,000 parameters',
	data: mnist(),
	target: {testAccuracy: 0.994, heldFor: 5, maxParameters: 4000, maxEpochs: 15},
	published: [
		{name: 'nearest', parameters: 5854, accuracy: 0.994, source},
		{name: 'largest', parameters: 9994, accuracy: 0.996, source},
	],
});
