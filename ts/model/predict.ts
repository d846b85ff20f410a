import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {type ImagePrediction, loadModel} from './load-model.js';
import {checkPredictOptions, type PredictOptions, readImages} from './read-images.js';

/** What a model makes of an image that was named. */
export type NamedPrediction = ImagePrediction & {
	/** The file, or the row of one. */
	readonly image: string;
	/** What the model's classes are called, in the order of their labels. */
	readonly classes: readonly string[];
};

/**
 * Labels images by a model that a run saved.
 *
 * @example
 * ```ts
 * for await (const {image, name} of predict('runs/latest', ['a.png', 'b.jpg'])) console.log(image, name);
 * ```
 * @param modelPath a run's folder, or a `model.safetensors`
 * @param images PNG, JPEG and the like of any size, or rows of an IDX file such as `t10k-images-idx3-ubyte:0-9`
 * @throws {ModelError}, {ImageError} or {DataError} naming the file
 * @throws {ConfigError} for what is no list, such as the name of one image
 */
export async function* predict(
	modelPath: string,
	images: Iterable<string>,
	options: PredictOptions = {},
): AsyncGenerator<NamedPrediction, void> {
	checkImages(images);
	checkPredictOptions(options);
	const model = await loadModel(modelPath);
	for (const named of images) {
		const read = await readImages(named, model, options);
		const predictions = await model.predict(Buffer.concat(read.map(({pixels}) => pixels)));
		for (const [index, prediction] of predictions.entries()) {
			const {name: image = named, blank = false, done = []} = read[index] ?? {};
			yield {image, ...prediction, classes: model.classes, blank, done};
		}
	}
}

/** A text can be gone through too, but letter by letter. */
const checkImages = (images: unknown): void => {
	const isList =
		typeof images === 'object' && images !== null && Symbol.iterator in images && !ArrayBuffer.isView(images);
	if (!isList) {
		throw new ConfigError('images', "a list of files, such as `['photo.jpg']`", formatValue(images));
	}
};
