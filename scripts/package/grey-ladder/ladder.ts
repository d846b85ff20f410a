import {defineLadder, idx} from 'stepladder';

export default defineLadder({
	name: 'Bars',
	data: idx('data', {classes: ['across', 'down', 'slanting']}),
	target: {testAccuracy: 0.9, heldFor: 1, maxParameters: 8000, maxEpochs: 10},
});
