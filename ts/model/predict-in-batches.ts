import {availableParallelism} from 'node:os';
import {z} from 'zod';
import {ConfigError, DataError, ImageError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {runWorkers} from '../platform/run-workers.js';
import {shapes, validate} from '../validation/validate.js';
import type {ImagePrediction, Prediction} from './prediction.js';
import {type PredictOptions, predictShape, type ReadImage, type UnreadImage} from './read-image.js';

/** How images are read, by how many workers, and what ends it. */
export type PredictImagesOptions = PredictOptions & {
	/**
	 * Images that are decoded at once.
	 *
	 * @range whole number, at least 1
	 * @unit images
	 * @default as many as the machine has cores
	 */
	readonly threads?: number;
	/** Ends the predictions with an {@link AbortError}. */
	readonly signal?: AbortSignal;
};

const shape = z.strictObject(
	{
		...predictShape,
		threads: shapes.some.optional(),
		signal: shapes.signal.optional(),
	} satisfies Record<keyof PredictImagesOptions, z.ZodType>,
	'an object',
);

/**
 * Checks the arguments of `predictImages`.
 *
 * @throws {ConfigError} for what is no list, such as the name of one image, and for options that are unknown or of another type
 */
export const checkPredictImages = (images: unknown, options: unknown): void => {
	const isList =
		typeof images === 'object' && images !== null && Symbol.iterator in images && !ArrayBuffer.isView(images);
	if (!isList) {
		throw new ConfigError('images', "a list of files, such as `['photo.jpg']`", formatValue(images)); // a text is a list of letters
	}

	validate(shape, options, 'options');
};

/** The prediction for an image, or the reason why it can't be read. */
export type ImageOutcome =
	| (ImagePrediction & {
			/** As it was given; a file of a folder or pattern, or a row of an IDX file, by its own name. */
			readonly image: string | Uint8Array;
			readonly error?: undefined;
	  })
	| {
			readonly image: string | Uint8Array;
			readonly error: ImageError | DataError;
	  };

/** Images of a batch, and the bytes that their pixels may take at most: what bounds the memory, beside the images being decoded. */
const [mostImages, mostBytes] = [64, 2 ** 26];

type Predicting = {
	readonly channels: number;
	readonly size: number;
	readonly predict: (pixels: Uint8Array) => Promise<Prediction[]>;
};

type Images = AsyncIterable<UnreadImage> | Iterable<UnreadImage>;

/** An image that was read, or the reason why it can't be. */
export type ReadOutcome = {
	readonly image: string | Uint8Array;
	readonly read: ReadImage | ImageError | DataError;
};

/**
 * Predicts images batch by batch, in their order. Each batch is read by several workers, and in memory only while it is predicted.
 *
 * @throws {AbortError}
 */
export async function* predictInBatches(
	{predict, ...input}: Predicting,
	images: Images,
	options: PredictImagesOptions,
): AsyncGenerator<ImageOutcome, void> {
	for await (const batch of readInBatches(input, images, options)) {
		const whole = batch.flatMap(({read}) => (read instanceof Error ? [] : [read.pixels]));
		const predictions = (whole.length > 0 ? await predict(Buffer.concat(whole)) : []).values();
		for (const {image, read} of batch) {
			if (read instanceof Error) {
				yield {image, error: read};
			} else {
				const {blank, done} = read;
				yield {image, ...(predictions.next().value as Prediction), blank, done};
			}
		}
	}
}

/**
 * Reads images batch by batch, in their order, each batch by several workers.
 *
 * @throws {AbortError}
 */
export async function* readInBatches(
	{channels, size}: Pick<Predicting, 'channels' | 'size'>,
	images: Images,
	{threads = availableParallelism(), signal = new AbortController().signal}: PredictImagesOptions,
): AsyncGenerator<ReadOutcome[], void> {
	const atOnce = Math.max(1, Math.min(mostImages, Math.floor(mostBytes / (channels * size ** 2))));
	for await (const batch of batches(images, atOnce)) {
		const read: ReadOutcome[] = [];
		await runWorkers([...batch.entries()], threads, signal, async ([index, {image, read: reading}]) => {
			read[index] = {image, read: await reading().catch(unlessDamaged)};
		});
		yield read;
	}
}

async function* batches<Item>(items: AsyncIterable<Item> | Iterable<Item>, most: number): AsyncGenerator<Item[], void> {
	let batch: Item[] = [];
	for await (const item of items) {
		batch.push(item);
		if (batch.length === most) {
			yield batch;
			batch = [];
		}
	}

	if (batch.length > 0) {
		yield batch;
	}
}

/** A damaged image is an outcome; any other error, such as a missing library, is not the image's fault. */
const unlessDamaged = (error: unknown): ImageError | DataError => {
	if (error instanceof ImageError || error instanceof DataError) {
		return error;
	}

	throw error;
};
