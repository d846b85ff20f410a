import {defineLadder, mnist} from 'stepladder';

export default defineLadder({
	name: 'Digits to draw',
	data: mnist(),
	target: {testAccuracy: 0.99, heldFor: 1, maxParameters: 8000, maxEpochs: 5},
});
