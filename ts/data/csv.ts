import {createReadStream} from 'node:fs';
import path from 'node:path';
import {createInterface} from 'node:readline';
import {pipeline} from 'node:stream';
import {createGunzip} from 'node:zlib';
import {ConfigError, DataError} from '../errors/index.js';
import {didYouMean} from '../format/did-you-mean.js';
import {formatValue} from '../format/value.js';
import {fileType} from '../fs/file-type.js';
import {sha256} from '../fs/hash.js';
import {checkNames} from '../validation/check-names.js';
import type {ImageSet} from './cache.js';
import {checkChannels, maxSize} from './check-shape.js';
import {checkClasses, type DataSource} from './data.js';
import {checkSplit, type Split, splitImages} from './image-folder/split-images.js';
import {openSets} from './image-sets.js';

/** What the columns of a table of pixels mean. */
export type CsvOptions = {
	/** The column of labels; every other column is a pixel, image by image in rows. */
	readonly label: string;
	/** Another file of the same columns, with the test images. */
	readonly test?: string;
	/** In place of `test`: draws test images from each class. */
	readonly split?: Split;
	/**
	 * 1 for grey, 3 for red, green and blue, channel by channel.
	 *
	 * @default 1
	 */
	readonly channels?: 1 | 3;
	/** Names of the classes, in the order of their labels; by their numbers if left out. */
	readonly classes?: readonly string[];
};

const known = ['label', 'test', 'split', 'channels', 'classes'];

/**
 * Declares a table of pixels, `.csv` or `.csv.gz`, as Kaggle's digits are: a header, then a row an image, with its label and
 * its pixels from 0 to 255.
 *
 * @example
 * ```ts
 * csv('train.csv', {label: 'label', split: {test: 0.2, seed: 1}})
 * ```
 * @throws {ConfigError} for an option that does not exist or can't be
 */
export const csv = (file: string, options: CsvOptions): DataSource => {
	const {label, test, split, channels = 1, classes} = options ?? {};
	if (typeof file !== 'string') {
		throw new ConfigError('file', 'a path', formatValue(file));
	}

	checkNames(options ?? {}, known);

	if (typeof label !== 'string') {
		throw new ConfigError('label', 'the name of the column of labels', formatValue(label));
	}

	if ((test === undefined) === (split === undefined)) {
		const got = test === undefined ? 'neither' : 'both';
		throw new ConfigError('test', 'a file of test images, or `split` in its place', got);
	}

	checkChannels(channels);

	checkSplit(split, undefined);
	checkClasses(classes);
	return {
		async open(base, openOptions) {
			const place = path.resolve(base, file);
			const all = await readTable(place, label, channels);
			const sets = split
				? splitTable(all, split)
				: {train: all, test: await readTable(path.resolve(base, test ?? ''), label, channels)};
			if (sets.test.size !== all.size) {
				const got = `images of ${all.size} x ${all.size}, and of ${sets.test.size} x ${sets.test.size} in ${test}`;
				throw new DataError(`${place}: expected images of one size; found ${got}`, place, 'images of one size', got);
			}

			const name = path.basename(file).replace(/\.csv(\.gz)?$/, '');
			return openSets({name, channels, size: all.size, classes, ...sets}, openOptions);
		},
	};
};

type Table = ImageSet & {readonly size: number};

/** Reads a table of pixels. */
export const readTable = async (file: string, label: string, channels: number): Promise<Table> => {
	const wrong = (expected: string, found: string, line?: number): DataError => {
		const where = line === undefined ? file : `${file}, line ${line}`;
		return new DataError(`${where}: expected ${expected}; ${found}`, file, expected, found);
	};
	const type = fileType(file);
	if (type !== 'a file') {
		throw wrong('a table of pixels, .csv', type === 'nothing' ? 'file not found' : `it is ${type}`);
	}

	const input = file.endsWith('.gz')
		? pipeline(createReadStream(file), createGunzip(), () => {}) // an error reaches whoever reads
		: createReadStream(file);
	const rows: Uint8Array[] = [];
	const labels: number[] = [];
	let [at, size, line] = [-1, 0, 0];
	try {
		for await (const text of createInterface({input, crlfDelay: Number.POSITIVE_INFINITY})) {
			line += 1;
			const cells = text.split(',');
			if (line === 1) {
				const names = cells.map(cell => cell.trim().replace(/^\uFEFF?"?|"?$/g, ''));
				at = names.indexOf(label);
				if (at === -1) {
					const first = names.slice(0, 5).join(', ');
					throw wrong(
						`a column \`${label}\``,
						`found ${first}${names.length > 5 ? ', ...' : ''}${didYouMean(label, names)}`,
					);
				}

				size = Math.sqrt((cells.length - 1) / channels);
				if (!Number.isInteger(size) || size < 1 || size > maxSize) {
					throw wrong(`a column a pixel of square images, beside \`${label}\``, `found ${cells.length - 1} columns`);
				}

				continue;
			}

			if (text === '') {
				continue;
			}

			const numbers = cells.map(Number);
			const bad = numbers.findIndex(value => !Number.isInteger(value) || value < 0 || value > 255);
			if (numbers.length !== channels * size ** 2 + 1 || bad !== -1) {
				const found =
					bad === -1 ? `found ${numbers.length} cells` : `found ${cells[bad] || 'an empty cell'} in cell ${bad + 1}`;
				throw wrong(`${channels * size ** 2 + 1} whole numbers from 0 to 255`, found, line);
			}

			labels.push(numbers[at] ?? 0);
			rows.push(Uint8Array.from(numbers.toSpliced(at, 1)));
		}
	} catch (error) {
		throw error instanceof DataError ? error : wrong('a table of pixels, .csv', (error as Error).message, line);
	}

	if (labels.length === 0) {
		throw wrong('a row an image', 'found none');
	}

	return {images: Buffer.concat(rows), labels: Uint8Array.from(labels), size};
};

/** Draws images by their contents, so that the order of rows does not matter. */
const splitTable = ({images, labels, size}: Table, split: Split): {readonly train: Table; readonly test: Table} => {
	const length = images.length / labels.length;
	const imageAt = (index: number): Uint8Array => images.subarray(index * length, (index + 1) * length);
	const files = Array.from(labels, (label, index) => ({
		file: sha256(Buffer.from(imageAt(index)).toString('latin1')),
		label,
		index,
	}));
	const {train, test} = splitImages(files, split);
	const pick = (chosen: readonly (typeof files)[number][]): Table => ({
		images: Buffer.concat(chosen.map(({index}) => imageAt(index))),
		labels: Uint8Array.from(chosen, ({label}) => label),
		size,
	});
	return {train: pick(train), test: pick(test)};
};
