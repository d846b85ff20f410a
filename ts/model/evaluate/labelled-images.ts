import {DataError} from '../../errors/index.js';
import {type ModelInput, readImage, type UnreadImage} from '../read-image.js';

/** The sets of a source, as they are asked for. */
export const setNames = ['test', 'train', 'validation', 'all'] as const;

/** A set of a source's images. */
export type SetName = (typeof setNames)[number];

/** Images with their labels, to evaluate a model on. */
export type LabelledImages = {
	/** For people: the source and its set, such as `photos, test`. */
	readonly name: string;
	/** Names of the classes, in the order of the labels; `undefined` if the labels are numbers alone. */
	readonly classes: readonly string[] | undefined;
	/** `[N]`, from 0. */
	readonly labels: ArrayLike<number>;
	/**
	 * Lists the images for a model, in the order of the labels.
	 *
	 * @throws {DataError} for images of another size that can't be brought to the model's
	 */
	readonly list: (model: ModelInput) => Iterable<UnreadImage>;
};

type Named = Pick<LabelledImages, 'name' | 'classes'>;

/** Image files: each model gets them as its own images were prepared. */
export const labelledFiles = (
	named: Named,
	files: ReadonlyArray<{readonly file: string; readonly label: number}>,
): LabelledImages => ({
	...named,
	labels: files.map(({label}) => label),
	*list(model) {
		for (const {file} of files) {
			yield {image: file, read: async () => readImage(file, model)};
		}
	},
});

/** Images that are prepared already. */
export type Pixels = {
	/** `[N, channels, size, size]`, 0 for black. */
	readonly images: Uint8Array;
	readonly channels: number;
	readonly size: number;
	/** `[N]`, from 0. */
	readonly labels: ArrayLike<number>;
	/** The file that they come from. */
	readonly file: string;
	/** The name of an image, such as `FILE:3`. */
	readonly nameOf: (index: number) => string;
};

/** Prepared images: only a model of their size and channels takes them. */
export const labelledPixels = (named: Named, pixels: Pixels): LabelledImages => {
	const {images, channels, size, labels, file, nameOf} = pixels;
	return {
		...{...named, labels},
		*list(model) {
			if (channels !== model.channels || size !== model.size) {
				const expected = `images of ${model.channels} x ${model.size} x ${model.size}, which the model takes`;
				const got = `${channels} x ${size} x ${size}`;
				const advice = 'only image files are brought to another size';
				throw new DataError(`${file}: expected ${expected}, found ${got}: ${advice}`, file, expected, got);
			}

			const length = channels * size ** 2;
			for (let index = 0; index < labels.length; index += 1) {
				const image = images.subarray(index * length, (index + 1) * length);
				yield {image: nameOf(index), read: async () => ({pixels: image, blank: false, done: []})};
			}
		},
	};
};

/** Joins sets of one source. */
export const joined = (named: Named, sets: readonly LabelledImages[]): LabelledImages => ({
	...named,
	labels: sets.flatMap(({labels}) => Array.from(labels)),
	*list(model) {
		for (const set of sets) {
			yield* set.list(model);
		}
	},
});
