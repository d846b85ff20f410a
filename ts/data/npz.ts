import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {fromBufferPromise} from 'yauzl';
import {ConfigError, DataError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {checkNames} from '../validation/check-names.js';
import type {ImageSet} from './cache.js';
import {maxSize} from './check-shape.js';
import {checkClasses, type DataSource, isLabel, labelRange} from './data.js';
import {reportValidation} from './findings.js';
import {openSets} from './image-sets.js';
import {describeMissing} from './missing-file.js';
import {type NpyArray, readNpy} from './npy.js';
import {checkOpenOptions} from './open-options.js';

/** What an array may unpack to at the most: more than any set of small images. */
const mostUnpacked = 2 ** 32;

/** The options of {@link npz}. */
export type NpzOptions = {
	/**
	 * Names of the classes, in the order of their labels.
	 *
	 * @default their numbers
	 */
	readonly classes?: readonly string[];
};

const known = ['classes'] as const satisfies ReadonlyArray<keyof NpzOptions>;

/**
 * Declares a NumPy archive in the form of MedMNIST: `train_images`, `train_labels`, `test_images`, `test_labels` and, if there are
 * validation images, `val_images` and `val_labels`. Other arrays are left out and reported. Images are `uint8`, `[N, H, W]` or
 * `[N, H, W, 3]`, and square; labels are whole numbers, `[N]` or `[N, 1]`.
 *
 * @throws {ConfigError} for an option that does not exist or can't be
 */
export const npz = (file: string, options: NpzOptions = {}): DataSource => {
	if (typeof file !== 'string') {
		throw new ConfigError('file', 'a path', formatValue(file));
	}

	const {classes} = options ?? {};
	checkNames(options ?? {}, known);
	checkClasses(classes);
	return {
		async open(base, openOptions) {
			checkOpenOptions(openOptions);
			const place = path.resolve(base, file);
			const {arrays, leftOut} = await readArchive(place);
			const [train, test, validation] = ['train', 'test', 'val'].map(set => setOf(place, arrays, set, classes));
			if (!train || !test) {
				const found = [...arrays.keys()].join(', ') || 'none';
				throw wrong(place, 'the arrays train_images, train_labels, test_images and test_labels', `found ${found}`);
			}

			if (arrays.has('val_images') !== arrays.has('val_labels')) {
				throw wrong(place, 'both val_images and val_labels, or neither', `found one of them alone`);
			}

			for (const other of validation ? [test, validation] : [test]) {
				if (other.channels !== train.channels || other.size !== train.size) {
					const [a, b] = [train, other].map(({channels, size}) => `${channels} x ${size} x ${size}`);
					throw wrong(place, 'images of one size', `found ${a} and ${b}`);
				}
			}

			if (leftOut.length > 0) {
				openOptions?.tell?.(`Left out ${leftOut.join(', ')} of ${path.basename(file)}`);
			}

			if (validation) {
				reportValidation(validation.labels.length, 'val_images', openOptions?.tell);
			}

			const {channels, size} = train;
			return openSets(
				{name: path.basename(file, '.npz'), channels, size, classes, train, validation, test},
				openOptions,
			);
		},
	};
};

type Set = ImageSet & {readonly channels: number; readonly size: number};

/** The images and labels of a set; `undefined` if the archive has none of that name. */
export const setOf = (
	file: string,
	arrays: ReadonlyMap<string, NpyArray>,
	set: string,
	classes: readonly string[] | undefined,
): Set | undefined => {
	const [images, labels] = [arrays.get(`${set}_images`), arrays.get(`${set}_labels`)];
	if (!images || !labels) {
		return undefined;
	}

	const [count = 0, rows = 0, columns = 0, channels = 1] = images.shape;
	const hasForm = images.shape.length === 3 || (images.shape.length === 4 && (channels === 1 || channels === 3));
	if (!hasForm || rows !== columns || rows === 0 || rows > maxSize || !(images.values instanceof Uint8Array)) {
		const expected = `square \`uint8\` images, [N, size, size] or [N, size, size, 3], in ${set}_images`;
		throw wrong(file, expected, `found [${images.shape.join(', ')}] of ${images.values.constructor.name}`);
	}

	if (labels.values.length !== count || count === 0) {
		throw wrong(file, `a label for each of ${count} images in ${set}_labels`, `found ${labels.values.length}`);
	}

	const numbers = Array.from(labels.values, Number);
	const outside = numbers.find(label => !isLabel(label, classes));
	if (outside !== undefined) {
		throw wrong(file, `${labelRange(classes)} in ${set}_labels`, `found ${outside}`);
	}

	return {images: planesOf(images.values, rows, channels), labels: Uint8Array.from(numbers), channels, size: rows};
};

/** Brings `[N, H, W, C]` to `[N, C, H, W]`. */
const planesOf = (pixels: Uint8Array, size: number, channels: number): Uint8Array => {
	if (channels === 1) {
		return pixels;
	}

	const area = size * size;
	const planes = new Uint8Array(pixels.length);
	for (let start = 0; start < pixels.length; start += area * channels) {
		for (let index = 0; index < area * channels; index += 1) {
			planes[start + (index % channels) * area + Math.floor(index / channels)] = pixels[start + index] ?? 0;
		}
	}

	return planes;
};

/** Reads the arrays of an archive by their names, without `.npy`. */
export const readArchive = async (file: string) => {
	const missing = describeMissing(file, /\.npz$/i);
	if (missing !== undefined) {
		throw wrong(file, 'a file of NumPy arrays, .npz', missing);
	}

	const arrays = new Map<string, NpyArray>();
	const leftOut: string[] = [];
	try {
		const archive = await fromBufferPromise(await readFile(file), {decodeStrings: true});
		for await (const entry of archive.eachEntry()) {
			const name = entry.fileName.replace(/\.npy$/, '');
			if (!/^(?:train|val|test)_(?:images|labels)$/.test(name)) {
				leftOut.push(name);
				continue;
			}

			if (entry.uncompressedSize > mostUnpacked) {
				throw new Error(`${name} unpacks to ${entry.uncompressedSize} bytes, and at most ${mostUnpacked} are read`);
			}

			const parts: Uint8Array[] = [];
			for await (const part of await archive.openReadStreamPromise(entry)) {
				parts.push(part);
			}

			arrays.set(
				name,
				inArray(name, () => readNpy(Buffer.concat(parts))),
			);
		}
	} catch (error) {
		if (error instanceof DataError) {
			throw error;
		}

		throw wrong(file, 'a file of NumPy arrays, .npz', error instanceof Error ? error.message : String(error));
	}

	return {arrays, leftOut};
};

const inArray = (name: string, read: () => NpyArray): NpyArray => {
	try {
		return read();
	} catch (error) {
		throw new Error(`${name}: ${(error as Error).message}`, {cause: error});
	}
};

const wrong = (file: string, expected: string, found: string): DataError =>
	new DataError(`${file}: expected ${expected}; ${found}`, file, expected, found);
