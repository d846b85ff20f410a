import type {Model as NativeModel, Prediction} from '#binding';
import {ConfigError} from '../errors/index.js';
import {show} from '../experiment/show.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';

export type {Prediction};

/** A trained net with all it takes to predict. */
export type Model = {
	/** Height and width of the images it takes. */
	readonly size: number;
	/** How many labels it tells apart. */
	readonly classes: number;
	/** How many numbers it learned. */
	readonly parameters: number;
	/**
	 * What it makes of images, on a thread of the pool.
	 *
	 * @param pixels `size * size` bytes an image, row by row, 0 for black; MNIST's digits are light on dark
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
	if (typeof path !== 'string') {
		throw new ConfigError('path', 'a path', show(path));
	}

	const model: NativeModel = unwrap(await native().loadModel(path));
	return {
		size: model.size,
		classes: model.classes,
		parameters: model.parameters,
		async predict(pixels) {
			if (!(pixels instanceof Uint8Array)) {
				throw new ConfigError('pixels', 'a Uint8Array', show(pixels));
			}

			return unwrap(await model.predict(pixels));
		},
	};
};
