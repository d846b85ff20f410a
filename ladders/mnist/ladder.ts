import {defineLadder, mnist} from 'stepladder';

const source = 'a public run of the same exercise, best epoch of a single run';

export default defineLadder({
	name: 'MNIST in 8,000 parameters',
	data: mnist(),
	target: {testAccuracy: 0.994, heldFor: 5, maxParameters: 8000, maxEpochs: 15},
	published: [
		{name: 'basic-setup', parameters: 6_379_786, accuracy: 0.9928, source},
		{name: 'base-skeleton', parameters: 13_160, accuracy: 0.9855, source},
		{name: 'batch-norm', parameters: 13_312, accuracy: 0.9903, source},
		{name: 'dropout', parameters: 13_312, accuracy: 0.9876, source},
		{name: 'fc-layer', parameters: 6720, accuracy: 0.9922, source},
		{name: 'augmentation', parameters: 6720, accuracy: 0.9932, source},
		{name: 'lr-scheduler', parameters: 6720, accuracy: 0.9953, source},
	],
});
