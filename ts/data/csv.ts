import {createReadStream} from 'node:fs';
import path from 'node:path';
import {createInterface} from 'node:readline';
import {pipeline} from 'node:stream';
import {createGunzip} from 'node:zlib';
import {ConfigError, DataError} from '../errors/index.js';
import {didYouMean} from '../format/did-you-mean.js';
import {formatValue} from '../format/value.js';
import {sha256} from '../fs/hash.js';
import {checkNames} from '../validation/check-names.js';
import type {ImageSet} from './cache.js';
import {checkChannels, maxSize} from './check-shape.js';
import {checkClasses, type DataSource, isLabel, labelRange} from './data.js';
import {reportValidation} from './findings.js';
import {validationNames} from './image-folder/list-images.js';
import {checkSplit, type Split, splitImages} from './image-folder/split-images.js';
import {openSets} from './image-sets.js';
import {describeMissing} from './missing-file.js';
import {checkOpenOptions} from './open-options.js';

/** What the columns of a table of pixels mean. */
export type CsvOptions = {
	/** The column of labels; every other column is a pixel, image by image in rows. */
	readonly label: string;
	/**
	 * Another file of the same columns, with the test images.
	 *
	 * @default `set` or `split` in its place
	 */
	readonly test?: string;
	/**
	 * Beside `test`: another file of the same columns, with validation images.
	 *
	 * @default none
	 */
	readonly validation?: string;
	/**
	 * In place of `test`: the column that says to which set a row belongs: `train`, `valid` (or `val`, `validation`) or
	 * `test`.
	 *
	 * @default `test` or `split` in its place
	 */
	readonly set?: string;
	/**
	 * In place of `test`: draws test images from each class, and validation images if it says so.
	 *
	 * @default `test` or `set` in its place
	 */
	readonly split?: Split;
	/**
	 * 1 for grey, 3 for red, green and blue, channel by channel.
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
};

const known = ['label', 'test', 'validation', 'set', 'split', 'channels', 'classes'] as const satisfies ReadonlyArray<
	keyof CsvOptions
>;

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
	const {label, test, validation, set, split, channels = 1, classes} = options ?? {};
	if (typeof file !== 'string') {
		throw new ConfigError('file', 'a path', formatValue(file));
	}

	checkNames(options ?? {}, known);

	if (typeof label !== 'string') {
		throw new ConfigError('label', 'the name of the column of labels', formatValue(label));
	}

	const ways = Object.entries({test, set, split}).filter(([, value]) => value !== undefined);
	if (ways.length !== 1) {
		const got = ways.length === 0 ? 'neither' : ways.map(([name]) => `\`${name}\``).join(' and ');
		throw new ConfigError('test', 'a file of test images, or `set` or `split` in its place', got);
	}

	if (validation !== undefined && test === undefined) {
		throw new ConfigError('validation', 'left out, or a file beside `test`', formatValue(validation));
	}

	for (const [name, value] of Object.entries({test, validation, set})) {
		if (value !== undefined && typeof value !== 'string') {
			throw new ConfigError(name, name === 'set' ? 'the name of a column' : 'a path', formatValue(value));
		}
	}

	checkChannels(channels);

	checkSplit(split, undefined);
	checkClasses(classes);
	return {
		async open(base, openOptions) {
			checkOpenOptions(openOptions);
			const place = path.resolve(base, file);
			const read = async (other: string): Promise<Table> =>
				readTable(path.resolve(base, other), {label, set, channels, classes});
			const all = await read(file);
			const sets =
				test === undefined
					? split
						? splitTable(all, split)
						: setsOf(place, all)
					: {
							train: all,
							test: await read(test),
							validation: validation === undefined ? undefined : await read(validation),
						};
			for (const [other, table] of [
				[test, sets.test],
				[validation, sets.validation],
			] as const) {
				if (table && table.size !== all.size) {
					const got = `images of ${all.size} x ${all.size}, and of ${table.size} x ${table.size} in ${other}`;
					throw new DataError(`${place}: expected images of one size; found ${got}`, place, 'images of one size', got);
				}
			}

			if (sets.validation && !split) {
				const where = validation ?? `the rows whose \`${set}\` says so`;
				reportValidation(sets.validation.labels.length, where, openOptions?.tell);
			}

			const name = path.basename(file).replace(/\.csv(\.gz)?$/, '');
			return openSets({name, channels, size: all.size, classes, ...sets}, openOptions);
		},
	};
};

type Table = ImageSet & {
	readonly size: number;
	/** The set of each row, if a column says it. */
	readonly sets: readonly SetName[];
};

type SetName = 'train' | 'validation' | 'test';

type Columns = {
	readonly label: string;
	readonly set: string | undefined;
	readonly channels: number;
	readonly classes: readonly string[] | undefined;
};

export const readTable = async (file: string, {label, set, channels, classes}: Columns): Promise<Table> => {
	const wrong = (expected: string, found: string, line?: number): DataError => {
		const where = line === undefined ? file : `${file}, line ${line}`;
		return new DataError(`${where}: expected ${expected}; ${found}`, file, expected, found);
	};
	const missing = describeMissing(file, /\.csv(?:\.gz)?$/i);
	if (missing !== undefined) {
		throw wrong('a table of pixels, .csv', missing);
	}

	const input = file.endsWith('.gz')
		? pipeline(createReadStream(file), createGunzip(), () => {}) // an error reaches whoever reads
		: createReadStream(file);
	const rows: Uint8Array[] = [];
	const labels: number[] = [];
	const sets: SetName[] = [];
	let [at, setAt, size, line] = [-1, -1, 0, 0];
	const head = (cells: readonly string[]): void => {
		const names = cells.map(cell =>
			unquoted(cell.replace(/^\uFEFF/, ''))
				.replace(/\p{C}/gu, '\uFFFD')
				.slice(0, 100),
		);
		const columnOf = (name: string): number => {
			const found = names.indexOf(name);
			if (found === -1) {
				const some = `found ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', ...' : ''}`;
				throw wrong(`a column \`${name}\``, some + didYouMean(name, names));
			}

			return found;
		};
		at = columnOf(label);
		setAt = set === undefined ? -1 : columnOf(set);
		const others = cells.length - (set === undefined ? 1 : 2);
		size = Math.sqrt(others / channels);
		if (!Number.isInteger(size) || size < 1 || size > maxSize) {
			const beside = [label, ...(set === undefined ? [] : [set])].map(name => `\`${name}\``).join(' and ');
			const other = names.find(name => set === undefined && /^(?:split|set|usage|subset)$/i.test(name));
			const hint = other === undefined ? '' : `; if \`${other}\` says the set of a row, say \`set: '${other}'\``;
			throw wrong(`a column a pixel of square images, beside ${beside}`, `found ${others} columns${hint}`);
		}
	};
	try {
		for await (const text of createInterface({input, crlfDelay: Number.POSITIVE_INFINITY})) {
			line += 1;
			const cells = text.split(',');
			if (line === 1) {
				head(cells);
				continue;
			}

			if (text === '') {
				continue;
			}

			if (setAt !== -1) {
				const word = unquoted(cells[setAt] ?? '');
				const name = setNames[word.toLowerCase()];
				if (name === undefined) {
					throw wrong(`train, valid or test in \`${set}\``, `found ${word || 'an empty cell'}`, line);
				}

				sets.push(name);
			}

			const isNumber = (cell: string, index: number): boolean => {
				const value = Number(cell);
				return index === setAt || (cell.trim() !== '' && Number.isInteger(value) && value >= 0 && value <= 255);
			};
			const bad = cells.findIndex((cell, index) => !isNumber(cell, index));
			const count = channels * size ** 2 + (setAt === -1 ? 1 : 2);
			if (cells.length !== count || bad !== -1) {
				const found =
					bad === -1 ? `found ${cells.length} cells` : `found ${cells[bad] || 'an empty cell'} in cell ${bad + 1}`;
				throw wrong(`${count - (setAt === -1 ? 0 : 1)} whole numbers from 0 to 255`, found, line);
			}

			const number = Number(cells[at]);
			if (!isLabel(number, classes)) {
				throw wrong(`${labelRange(classes)} in \`${label}\``, `found ${number}`, line);
			}

			labels.push(number);
			rows.push(Uint8Array.from(cells.filter((_, index) => index !== at && index !== setAt).map(Number)));
		}
	} catch (error) {
		throw error instanceof DataError ? error : wrong('a table of pixels, .csv', (error as Error).message, line);
	}

	if (labels.length === 0) {
		throw wrong('a row an image', 'found none');
	}

	return {images: Buffer.concat(rows), labels: Uint8Array.from(labels), size, sets};
};

/** The names of a set, in small letters, as tables have them. */
const setNames: Readonly<Record<string, SetName | undefined>> = {
	...{train: 'train', training: 'train'},
	...Object.fromEntries(validationNames.map(name => [name, 'validation' as const])),
	...{test: 'test', testing: 'test'},
};

const unquoted = (cell: string): string => cell.trim().replace(/^"|"$/g, '');

/** Returns the rows of some indices. */
const pick = ({images, labels, size, sets}: Table, indices: readonly number[]): Table => {
	const length = images.length / labels.length;
	return {
		images: Buffer.concat(indices.map(index => images.subarray(index * length, (index + 1) * length))),
		labels: Uint8Array.from(indices, index => labels[index] ?? 0),
		...{size, sets},
	};
};

/** Sorts the rows by the set that their column names. */
const setsOf = (file: string, table: Table) => {
	const of = (wanted: SetName): Table =>
		pick(
			table,
			[...table.sets.entries()].filter(([, set]) => set === wanted).map(([index]) => index),
		);
	const [train, validation, test] = [of('train'), of('validation'), of('test')];
	if (train.labels.length === 0 || test.labels.length === 0) {
		const found = `${train.labels.length} of train and ${test.labels.length} of test`;
		throw new DataError(`${file}: expected rows of train and of test; found ${found}`, file, 'rows of both', found);
	}

	return {train, validation: validation.labels.length > 0 ? validation : undefined, test};
};

/** Draws images by their contents, so that the order of rows does not matter. */
const splitTable = (table: Table, split: Split) => {
	const {images, labels} = table;
	const length = images.length / labels.length;
	const files = Array.from(labels, (label, index) => ({
		file: sha256(Buffer.from(images.subarray(index * length, (index + 1) * length)).toString('latin1')),
		label,
		index,
	}));
	const {train, validation, test} = splitImages(files, split);
	const rowsOf = (chosen: typeof files): Table =>
		pick(
			table,
			chosen.map(({index}) => index),
		);
	return {
		...{train: rowsOf(train), test: rowsOf(test)},
		validation: validation.length > 0 ? rowsOf(validation) : undefined,
	};
};
