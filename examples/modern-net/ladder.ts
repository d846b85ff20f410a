import {arrays, defineLadder} from 'stepladder';
import {drawLeaves} from './leaves.ts';

export default defineLadder({
	name: 'Leaves in colour',
	data: arrays(drawLeaves({size: 24, train: 960, test: 600})),
	target: {testAccuracy: 0.95, heldFor: 2, maxParameters: 2500, maxEpochs: 12},
});
