import path from 'node:path';
import sharp from 'sharp';
import {arrays, defineStep, type ImageForm, loadModel, type Model, train} from '../../ts/index.js';
import {type Ending, temporaryFolder} from './folder.js';

type Options = {
	readonly size?: number;
	readonly channels?: 1 | 3;
	readonly classes?: readonly string[];
	readonly form?: ImageForm;
};

/** Grey levels of as many classes, from dark to light. */
export const levelOf = (label: number, classes: number): number => Math.round((255 * label) / (classes - 1));

/**
 * Trains a model that tells uniform images by their grey level: the first class is black, the last one white. Of an image that is
 * not square it takes the middle.
 *
 * @returns the run's folder, and its model
 */
export const shadeModel = async (
	t: Ending,
	{size = 8, channels = 1, classes = ['dark', 'light'], form}: Options = {},
): Promise<{folder: string; model: Model}> => {
	const out = temporaryFolder(t);
	const labels = Array.from({length: 40 * classes.length}, (_, index) => index % classes.length);
	const length = channels * size * size;
	const images = Uint8Array.from({length: labels.length * length}, (_, index) =>
		levelOf(labels[Math.floor(index / length)] ?? 0, classes.length),
	);
	const set = {images, labels};
	const source = arrays({size, channels, classes, train: set, test: set, name: 'shades', fit: 'cover'});
	const data = {
		open: async (...given: Parameters<typeof source.open>) => ({...(await source.open(...given)), ...(form && {form})}),
	};
	const step = defineStep({
		name: 'shades',
		experiment: {
			net: {
				...{channels, size, classes: classes.length},
				block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: true, norm: 'none', dropout: 0},
				body: [
					{kind: 'average-pool', kernel: size},
					{kind: 'block', channels: 16, kernel: 1, padding: 0},
				],
				head: [{kind: 'conv', channels: classes.length, kernel: 1, padding: 0, bias: true}, {kind: 'flatten'}],
			},
			optimizer: {momentum: 0.9, nesterov: true, weightDecay: 0},
			...{schedule: {kind: 'constant', learningRate: 0.1}, labelSmoothing: 0, batchSize: 8, epochs: 30},
		},
		target: {why: 'A test.', testAccuracy: 0.5, heldFor: 1, maxParameters: 1000, maxEpochs: 30},
	});
	const {held} = await train(step, {data, out}).result;
	if (held.count !== 1) {
		throw new Error('the shades were not learned');
	}

	const folder = path.join(out, 'latest');
	return {folder, model: await loadModel(folder)};
};

/** Encodes a uniform grey image. */
export const shade = async (level: number, {width = 8, height = 8} = {}): Promise<Buffer> =>
	sharp({create: {width, height, channels: 3, background: {r: level, g: level, b: level}}})
		.png()
		.toBuffer();
