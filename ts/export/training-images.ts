import type {DataSource} from '../data/data.js';
import {DataError} from '../errors/index.js';
import {readInBatches} from '../model/predict-in-batches.js';
import {imagesOf} from './evidence.js';
import type {TrainedNet} from './read-model.js';

/** The number of training images that ranges are chosen by. */
const count = 256;

/**
 * Reads some training images of a source, evenly spaced: `[N, channels, size, size]`.
 *
 * @throws {DataError} for a source without any
 */
export const trainingImages = async (
	model: TrainedNet,
	data: DataSource | string,
	options: {readonly tell: (line: string) => void; readonly signal: AbortSignal; readonly threads?: number},
): Promise<Uint8Array> => {
	const [channels, size] = model.graph.images;
	const input = {channels, size, form: model.form, preparation: model.preparation};
	const {name, labels, list} = await imagesOf(model, data, {set: 'train', ...options});
	const [total, chosen] = [labels.length, Math.min(count, labels.length)];
	if (chosen === 0) {
		const expected = 'training images, which the ranges of whole numbers are chosen by';
		throw new DataError(`${name}: expected ${expected}, found none`, name, expected, 'none');
	}

	const places = new Set(Array.from({length: chosen}, (_, index) => Math.floor((index * total) / chosen)));
	const images = [...list(input)].filter((_, index) => places.has(index));
	const read: Uint8Array[] = [];
	for await (const batch of readInBatches(input, images, options)) {
		for (const {read: image} of batch) {
			if (image instanceof Error) {
				throw image;
			}

			read.push(image.pixels);
		}
	}

	return Buffer.concat(read);
};
