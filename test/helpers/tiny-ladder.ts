import type {Ending} from './folder.js';
import {writeIdx} from './idx.js';
import {OwnLadder} from './own-ladder.js';

/** Makes a ladder of one step that learns 28 x 28 images in a moment. */
export const tinyLadder = (t: Ending, {train = 400, test = 60, epochs = 4} = {}): OwnLadder => {
	const ladder = new OwnLadder(t, {
		'ladder.ts': `import {defineLadder, idx} from 'stepladder';
export default defineLadder({name: 'Bars', data: idx('data')});
`,
		'steps/0-tiny.ts': `import {defineStep} from 'stepladder';
export default defineStep({
	name: 'tiny',
	experiment: {
		net: {
			channels: 1, size: 28, classes: 10,
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: false, norm: 'batch', dropout: 0.1},
			body: [{kind: 'max-pool', kernel: 4}, {kind: 'block', channels: 4, kernel: 3, padding: 0}],
			head: [{kind: 'conv', channels: 10, kernel: 5, padding: 0, bias: true}, {kind: 'flatten'}],
		},
		optimizer: {momentum: 0.9, nesterov: true, weightDecay: 1e-4},
		schedule: {kind: 'constant', learningRate: 0.01},
		labelSmoothing: 0, batchSize: 32, epochs: ${epochs},
	},
	target: {why: 'Bars are easy to tell.', testAccuracy: 0.5, heldFor: 2, maxParameters: 2000, maxEpochs: 40},
});
`,
		'data/.keep': '',
	});
	writeIdx(`${ladder.folder}/data`, train, test);
	return ladder;
};
