import {defineStep} from 'stepladder';
import adamw from './3-adamw.ts';

export default defineStep({
	name: 'cosine',
	from: adamw,
	change: {schedule: {kind: 'cosine', learningRate: 0.01, warmUp: {epochs: 1}}},
	target: {
		why: 'A constant rate leaves the last epochs restless. Half a cosine ends near zero, and with a warm-up it can begin twice as high.',
		testAccuracy: 0.85,
		heldFor: 2,
		maxParameters: 2500,
		maxEpochs: 12,
	},
});
