import {ConfigError} from '../errors/index.js';
import type {Model as NativeModel} from '../native/binding.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {checkPath} from '../terms/check-path.js';
import {show} from '../text/show.js';

/** What a model makes of one image. */
export type Prediction = {
	/** The likeliest class, from 0. */
	readonly label: number;
	/** What it is called. */
	readonly name: string;
	/** Of every class; they sum to 1. */
	readonly probabilities: readonly number[];
};

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
	 * What it makes of images, on a thread of the pool.
	 *
	 * @param pixels `channels * size * size` bytes an image, channel by channel and row by row, 0 for black
	 * @returns a prediction an image
	 * @throws {ConfigError} where `pixels` is not a whole number of images
	 */
	readonly predict: (pixels: Uint8Array) => Promise<Prediction[]>;
};

/**
 * Reads a model that a run saved.
 *
 * @throws {ModelError} for a file that is missing, cut short, or something else
 */
export const loadModel = async (path: string): Promise<Model> => {
	checkPath('path', path);
	const model: NativeModel = unwrap(await native().loadModel(path));
	const {size, channels, parameters} = model;
	const classes = Array.from({length: model.classes}, (_, label) => model.classNames[label] ?? String(label));
	return {
		...{size, channels, classes, parameters},
		async predict(pixels) {
			if (!(pixels instanceof Uint8Array)) {
				throw new ConfigError('pixels', 'a Uint8Array', show(pixels));
			}

			const predictions = unwrap(await model.predict(pixels));
			return predictions.map(({label, probabilities}) => ({label, name: classes[label] ?? '', probabilities}));
		},
	};
};
