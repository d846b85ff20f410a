import type {Ending} from './folder.js';
import {OwnLadder} from './own-ladder.js';

/** How an imbalanced ladder is made. */
type Imbalanced = {
	/** Brightness of the square that marks a defect; 0 leaves noise, from which nothing can be learned. */
	readonly mark: number;
	/** The target of the step, in the words of its file. */
	readonly target: string;
	/** The goal of the ladder; none by default. */
	readonly goal?: string;
	readonly analysis?: string;
};

/** Makes a ladder of one step on 8 x 8 images, of which one in twenty is of class `defect` and the others of `good`. */
export const imbalancedLadder = (t: Ending, {mark, target, goal, analysis = ''}: Imbalanced): OwnLadder =>
	new OwnLadder(t, {
		'ladder.ts': `import {arrays, defineLadder} from 'stepladder';

const set = (count: number, seed: number) => {
	let state = (seed * 2654435761) | 0;
	const next = () => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		return (state >>> 0) / 2 ** 32;
	};
	const labels = Array.from({length: count}, (_, image) => Number(image % 20 === 0));
	const isMarked = (pixel: number) => pixel % 8 < 4 && Math.floor(pixel / 8) < 4;
	const images = Uint8Array.from({length: count * 64}, (_, index) => {
		const pixel = index % 64;
		const noise = 200 * next();
		return labels[(index - pixel) / 64] === 1 && isMarked(pixel) ? Math.max(noise, ${mark}) : noise;
	});
	return {labels, images};
};

export default defineLadder({
	name: 'Parts',
	data: arrays({size: 8, channels: 1, classes: ['good', 'defect'], train: set(400, 1), test: set(200, 2)}),
	${goal === undefined ? '' : `target: {${goal}},`}
});
`,
		'steps/0-parts.ts': `import {claim, defineStep, measureOf, ofClass, percent} from 'stepladder';

export default defineStep({
	name: 'parts',
	experiment: {
		net: {
			channels: 1, size: 8, classes: 2,
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: true, norm: 'none', dropout: 0},
			body: [{kind: 'block', channels: 8, kernel: 3, padding: 0}, {kind: 'max-pool', kernel: 2}],
			head: [{kind: 'conv', channels: 2, kernel: 3, padding: 0, bias: true}, {kind: 'flatten'}],
		},
		optimizer: {momentum: 0.9, nesterov: true, weightDecay: 1e-4},
		schedule: {kind: 'constant', learningRate: 0.01},
		labelSmoothing: 0, batchSize: 16, epochs: 6,
	},
	target: {why: 'Defects are rare.', ${target}, heldFor: 2, maxParameters: 2000, maxEpochs: 6},
	analysis: [${analysis}],
});
`,
	});
