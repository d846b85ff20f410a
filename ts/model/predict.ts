import {loadModel, type Prediction} from './load-model.js';
import {readImages} from './read-images.js';

/** What a model makes of an image that was named. */
export type NamedPrediction = Prediction & {
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
 * for await (const {image, name} of predict('model.safetensors', ['a.png', 'b.jpg'])) console.log(image, name);
 * ```
 * @param images PNG, JPEG and the like of any size, or rows of an IDX file such as `t10k-images-idx3-ubyte:0-9`
 * @param invert for dark on light where the model knows light on dark, or the other way round
 * @throws {ModelError}, {ImageError} or {DataError} naming the file
 */
export async function* predict(
	modelPath: string,
	images: Iterable<string>,
	{invert = false}: {readonly invert?: boolean} = {},
): AsyncGenerator<NamedPrediction, void> {
	const model = await loadModel(modelPath);
	for (const name of images) {
		const read = await readImages(name, {...model, invert});
		const predictions = await model.predict(Buffer.concat(read.map(({pixels}) => pixels)));
		for (const [index, prediction] of predictions.entries()) {
			yield {image: read[index]?.name ?? name, ...prediction, classes: model.classes};
		}
	}
}
