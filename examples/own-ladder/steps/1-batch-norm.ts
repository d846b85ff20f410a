import {claim, defineStep, percent, rose, shift} from 'stepladder';
import baseline from './0-baseline.ts';

export default defineStep({
	name: 'batch-norm',
	from: baseline,
	change: {net: {block: {norm: 'batch'}}},
	target: {
		why: ({from}) =>
			`\`${from.name}\` has ${percent(from.test.mean)} % over its last epochs, and still climbs. Batch norm keeps every layer's ` +
			'scale, so the same rate should get further in as many epochs.',
		testAccuracy: 0.8,
		heldFor: 2,
		maxParameters: 2000,
		maxEpochs: 8,
	},
	analysis: [
		claim(
			({self, from}) => `It is ahead by ${shift(self, from, 'test')} over the last epochs.`,
			({self, from}) => rose(self, from, 'test'),
		),
	],
});
