import {defineLadder, mnist} from 'stepladder';

const source = 'a public run, a single seed, its best epoch on the test images';

export default defineLadder({
	name: 'MNIST in 1,000 parameters',
	data: mnist(),
	target: {testAccuracy: 0.99, heldFor: 5, maxParameters: 1000, maxEpochs: 15},
	published: [
		{name: 'smallest', parameters: 997, accuracy: 0.9906, source: `${source}, the best of 700 nets, up to 200 epochs`},
		{name: 'small', parameters: 1936, accuracy: 0.991, source: `${source}, 75 epochs`},
	],
});
