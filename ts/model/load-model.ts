import {availableParallelism} from 'node:os';
import {type ImageForm, imageForms} from '../data/data.js';
import type {Preparation} from '../data/decode/preparation.js';
import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import type {Model as NativeModel} from '../native/binding.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {limit} from '../platform/limit.js';
import {checkReadablePath} from '../validation/check-path.js';
import {isBytes} from '../validation/is-bytes.js';
import {classNamesOf, modelFileIn, preparationOf} from './model-file.js';
import {namedImages} from './named-images.js';
import {
	checkPredictImages,
	type ImageOutcome,
	type PredictImagesOptions,
	predictInBatches,
} from './predict-in-batches.js';
import type {ImagePrediction, Prediction} from './prediction.js';
import {checkPredictOptions, type PredictOptions, readImage} from './read-image.js';

/** A trained net with all it takes to predict. */
export type Model = {
	/** Height and width of the images it takes. */
	readonly size: number;
	/** Of the images it takes: 1 for grey, 3 for red, green and blue. */
	readonly channels: number;
	/** What the classes that it tells apart are called, in the order of their labels. */
	readonly classes: readonly string[];
	/** How many numbers it learned. */
	readonly parameters: number;
	/**
	 * Predicts images in the order of the calls: on a thread of the model's own, or at once where that is quicker, as for an image
	 * and a small net.
	 *
	 * @param pixels `channels * size * size` bytes an image, channel by channel and row by row, 0 for black
	 * @returns a prediction an image
	 * @throws {ConfigError} where `pixels` is not a whole number of images
	 */
	readonly predict: (pixels: Uint8Array) => Promise<Prediction[]>;
	/** How the images that it learned were made, where that is known. */
	readonly form: ImageForm | undefined;
	/** How the images that it learned were brought to a square; `undefined` if unknown. */
	readonly preparation: Preparation | undefined;
	/**
	 * What it makes of an image: PNG, JPEG and the like of any size.
	 *
	 * @param image a file, or what is in one
	 * @throws {ImageError} for what is no image
	 */
	readonly predictImage: (image: string | Uint8Array, options?: PredictOptions) => Promise<ImagePrediction>;
	/**
	 * Predicts many images, in their order, batch by batch: memory does not grow with their number, and the event loop stays
	 * free. An image that can't be read is an outcome with an `error`, and the others are predicted all the same.
	 *
	 * @example
	 * ```ts
	 * for await (const outcome of model.predictImages(['photos/', 'more/*.jpg'])) {
	 *   console.log(outcome.image, outcome.error ? outcome.error.message : outcome.name);
	 * }
	 * ```
	 * @param images image files, folders with all images below them, patterns such as `photos/*.jpg`, rows of an IDX file such as
	 * `t10k-images-idx3-ubyte:0-9`, or the bytes of image files
	 * @throws {ConfigError} for what is no list, and for an option of another type
	 * @throws {AbortError} if the signal aborts
	 */
	readonly predictImages: (
		images: Iterable<string | Uint8Array>,
		options?: PredictImagesOptions,
	) => AsyncGenerator<ImageOutcome, void>;
};

/** A decoded photo takes tens of megabytes: of many images that are asked for at once, the others wait. */
const reading = limit(availableParallelism());

/**
 * Reads a model that a run saved.
 *
 * @param place a run's folder, or a `model.safetensors`
 * @throws {ModelError} for a file that is missing, cut short, or something else
 */
export const loadModel = async (place: string): Promise<Model> => {
	checkReadablePath('path', place);
	const model: NativeModel = unwrap(await native().loadModel(modelFileIn(place)));
	const {size, channels, parameters} = model;
	const classes = classNamesOf(model.classNames, model.classes);
	const form = imageForms.find(known => known === model.imageForm);
	const loaded: Model = {
		...{size, channels, classes, parameters, form, preparation: preparationOf(model.imagePreparation, place)},
		async predictImage(image, options = {}) {
			checkPredictOptions(options);
			const {pixels, blank, done} = await reading(async () => readImage(image, loaded, options));
			const [prediction] = await loaded.predict(pixels);
			return {...(prediction as Prediction), blank, done};
		},
		async *predictImages(images, options = {}) {
			checkPredictImages(images, options);
			yield* predictInBatches(loaded, namedImages(images, loaded, options), options);
		},
		async predict(pixels) {
			if (!isBytes(pixels)) {
				throw new ConfigError('pixels', 'a Uint8Array', formatValue(pixels));
			}

			const predictions = unwrap(await model.predict(pixels));
			return predictions.map(({label, probabilities}) => ({label, name: classes[label] ?? '', probabilities}));
		},
	};
	return loaded;
};
