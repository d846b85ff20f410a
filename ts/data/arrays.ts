import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {checkNames} from '../validation/check-names.js';
import {isBytes} from '../validation/is-bytes.js';
import type {ImageSet} from './cache.js';
import {checkChannels, checkSize} from './check-shape.js';
import {checkClasses, type DataSource} from './data.js';
import {type DeclaredPreparation, parsePreparation} from './decode/preparation.js';
import {openSets} from './image-sets.js';
import {checkOpenOptions} from './open-options.js';

/** Images in memory, one class a label. */
export type ArraySet = {
	/** `count * channels * size * size` bytes: image by image, channel by channel, row by row, 0 for black. */
	readonly images: Uint8Array | Uint8ClampedArray;
	/** A label an image, from 0. */
	readonly labels: ArrayLike<number>;
};

/** What {@link arrays} takes. */
export type Arrays = DeclaredPreparation & {
	/** Training images. */
	readonly train: ArraySet;
	/**
	 * Images to choose by, never trained on.
	 *
	 * @default none
	 */
	readonly validation?: ArraySet;
	/** Test images. */
	readonly test: ArraySet;
	/**
	 * Height and width of every image.
	 *
	 * @range whole number from 1 to 4096
	 * @unit pixels
	 */
	readonly size: number;
	/**
	 * 1 for grey, 3 for red, green and blue.
	 *
	 * @default 1
	 */
	readonly channels?: 1 | 3;
	/**
	 * Names of the classes, in the order of their labels.
	 *
	 * @default their numbers
	 */
	readonly classes?: readonly string[];
	/**
	 * For people.
	 *
	 * @default 'arrays'
	 */
	readonly name?: string;
};

const known = [
	...['train', 'validation', 'test', 'size', 'channels', 'classes', 'name', 'fit', 'background'],
] as const satisfies ReadonlyArray<keyof Arrays>;

/**
 * Declares images from an app's own memory.
 *
 * @throws {ConfigError} for a property that does not exist or can't be, and where lengths, labels and names don't go together
 */
export const arrays = (given: Arrays): DataSource => {
	checkNames(given ?? {}, known);
	const {train, validation, test, size, channels = 1, classes, name = 'arrays'} = given ?? {};
	checkSize(size);

	checkChannels(channels);

	checkClasses(classes);
	const preparation = parsePreparation(given ?? {});
	const most = classes?.length ?? 256;
	const sets = {
		train: asSet('train', train),
		...(validation !== undefined && {validation: asSet('validation', validation)}),
		test: asSet('test', test),
	};
	for (const [which, {images, labels}] of Object.entries(sets)) {
		if (images.length !== labels.length * channels * size ** 2 || labels.length === 0) {
			const expected = `${channels * size ** 2} bytes for each of its ${labels.length} labels, at least one`;
			throw new ConfigError(`${which}.images`, expected, `${images.length} bytes`);
		}

		const wrong = labels.find(label => label >= most);
		if (wrong !== undefined) {
			throw new ConfigError(`${which}.labels`, `whole numbers below ${most}`, String(wrong));
		}
	}

	return {
		async open(_base, openOptions) {
			checkOpenOptions(openOptions);
			const data = await openSets({name, channels, size, classes, ...sets}, openOptions);
			return preparation ? {...data, preparation} : data;
		},
	};
};

const asSet = (which: string, set: ArraySet): ImageSet => {
	const {images, labels} = set ?? {};
	checkNames(set ?? {}, ['images', 'labels'] as const satisfies ReadonlyArray<keyof ArraySet>, which);
	if (!isBytes(images)) {
		throw new ConfigError(`${which}.images`, 'a Uint8Array', formatValue(images));
	}

	const all = Array.from(labels ?? []);
	const wrong = all.findIndex(label => !Number.isInteger(label) || label < 0 || label > 255);
	if (wrong !== -1) {
		throw new ConfigError(`${which}.labels`, 'whole numbers from 0 to 255', formatValue(all[wrong]));
	}

	// copies: the caller may use the arrays again
	return {images: Uint8Array.from(images), labels: Uint8Array.from(all)};
};
