import test from 'ava';
import type {Transform} from '../../ts/index.js';
import {arrays, defineStep, train} from '../../ts/index.js';

/** Light paper of 16 x 16 pixels, every second sheet with a torn corner. */
const paper = (count: number, seed: number) => {
	let state = seed;
	const next = (): number => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return state / 2 ** 32;
	};
	const labels = Array.from({length: count}, (_, sheet) => sheet % 2);
	const images = labels.flatMap(label => {
		const [right, down, cut] = [next() < 0.5, next() < 0.5, label * (3 + Math.floor(3 * next()))];
		return Array.from({length: 256}, (_, pixel) => {
			const [x, y] = [pixel % 16, Math.floor(pixel / 16)];
			const isTorn = (right ? 15 - x : x) + (down ? 15 - y : y) < cut;
			return Math.floor(isTorn ? 10 : 215 + 30 * next());
		});
	});
	return {labels, images: Uint8Array.from(images)};
};

const accuracyWith = async (fill: NonNullable<(Transform & {kind: 'affine'})['fill']>): Promise<number> => {
	const step = defineStep({
		name: 'paper',
		experiment: {
			net: {
				...{channels: 1, size: 16, classes: 2},
				block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: true, norm: 'none', dropout: 0},
				body: [
					{kind: 'block', channels: 8, kernel: 3, padding: 0},
					{kind: 'max-pool', kernel: 2},
					{kind: 'block', channels: 12, kernel: 3, padding: 0},
				],
				head: [
					{kind: 'average-pool', kernel: 5},
					{kind: 'conv', channels: 2, kernel: 1, padding: 0, bias: true},
					{kind: 'flatten'},
				],
			},
			augmentation: [{kind: 'affine', rotation: 20, translation: 0.1, fill}],
			optimizer: {momentum: 0.9, nesterov: true, weightDecay: 1e-4},
			schedule: {kind: 'constant', learningRate: 0.02},
			...{labelSmoothing: 0, batchSize: 32, epochs: 20},
		},
		target: {why: 'Corners.', testAccuracy: 0.9, heldFor: 1, maxParameters: 2000, maxEpochs: 20},
	});
	const data = arrays({size: 16, channels: 1, train: paper(400, 7), test: paper(200, 11)});
	const {seeds} = await train(step, {data}).result;
	return seeds[0]?.lastEpochs.at(-1) ?? 0;
};

test('torn corners of light paper are learned with the edges around it, not with black', async t => {
	t.true((await accuracyWith('edge')) > 0.95);
	t.true((await accuracyWith('black')) < 0.8);
});
