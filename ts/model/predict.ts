import {loadModel} from './load-model.js';
import {checkPredictImages, type PredictImagesOptions} from './predict-in-batches.js';
import type {ImagePrediction} from './prediction.js';

/** What a model makes of an image that was named. */
export type NamedPrediction = ImagePrediction & {
	/** The file, or the row of one. */
	readonly image: string;
	/** What the model's classes are called, in the order of their labels. */
	readonly classes: readonly string[];
};

/**
 * Labels images by a model that a run saved. Ends at the first image that can't be read; `model.predictImages` goes on past it.
 *
 * @example
 * ```ts
 * for await (const {image, name} of predict('runs/latest', ['photos/', 'b.jpg'])) console.log(image, name);
 * ```
 * @param modelPath a run's folder, or a `model.safetensors`
 * @param images as `model.predictImages` takes them
 * @throws {ModelError}, {ImageError} or {DataError} naming the file
 * @throws {ConfigError} for what is no list, such as the name of one image
 */
export async function* predict(
	modelPath: string,
	images: Iterable<string>,
	options: PredictImagesOptions = {},
): AsyncGenerator<NamedPrediction, void> {
	checkPredictImages(images, options);
	const model = await loadModel(modelPath);
	for await (const outcome of model.predictImages(images, options)) {
		if (outcome.error) {
			throw outcome.error;
		}

		const {image, blank, done, error: _, ...prediction} = outcome;
		yield {image: String(image), ...prediction, classes: model.classes, blank, done};
	}
}
