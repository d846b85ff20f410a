/** Returns the file of a step whose net of 34 parameters is one convolution over grey images of 4 x 4, in two classes. */
export const oneLayerStep = (name: string, more = ''): string => `import {defineStep} from 'stepladder';
${more}
export default defineStep({
	name: '${name}',
	experiment: {
		net: {
			channels: 1, size: 4, classes: 2,
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: true, norm: 'none', dropout: 0},
			body: [], head: [{kind: 'conv', channels: 2, kernel: 4, padding: 0, bias: true}, {kind: 'flatten'}],
		},
		optimizer: {momentum: 0.9, nesterov: true, weightDecay: 0},
		schedule: {kind: 'constant', learningRate: 0.01},
		labelSmoothing: 0, batchSize: 2, epochs: 1,
	},
	target: {why: 'To begin.', testAccuracy: 0.5, heldFor: 1, maxParameters: 100, maxEpochs: 1},
});
`;
