import {closeSync, openSync, readSync} from 'node:fs';
import path from 'node:path';
import {ConfigError, DataError} from '../errors/index.js';
import {didYouMean} from '../format/did-you-mean.js';
import {formatValue} from '../format/value.js';
import {fileType} from '../fs/file-type.js';
import {listFolder} from '../fs/list-folder.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {checkNames} from '../validation/check-names.js';
import type {ImageSet} from './cache.js';
import {checkClasses, checkForm, type DataSource, type ImageForm, isLabel, labelRange, readIdx} from './data.js';
import {type DeclaredPreparation, parsePreparation} from './decode/preparation.js';
import {reportSurvey} from './findings.js';
import {openSets} from './image-sets.js';
import {checkOpenOptions} from './open-options.js';

/** How IDX files are named and laid out. */
export type IdxOptions = DeclaredPreparation & {
	/**
	 * Names of the classes, in the order of their labels.
	 *
	 * @default their numbers
	 */
	readonly classes?: readonly string[];
	/**
	 * `mnist-digits` for digits in the form of MNIST's: `predict` then brings other images to it.
	 *
	 * @default any
	 */
	readonly form?: ImageForm;
	/**
	 * In front of the files' names, such as `emnist-letters-`, with `test` for MNIST's `t10k`.
	 *
	 * @default none
	 */
	readonly prefix?: string;
	/**
	 * Whether images are kept column by column, as EMNIST's are.
	 *
	 * @default false
	 */
	readonly transposed?: boolean;
	/**
	 * Where to get the files: said where they are missing.
	 *
	 * @default none
	 */
	readonly source?: string;
};

const known = [
	'classes',
	'form',
	'prefix',
	'transposed',
	'source',
	'fit',
	'background',
] as const satisfies ReadonlyArray<keyof IdxOptions>;

/**
 * Declares four IDX files of a folder, named as MNIST's are, plain or `.gz`: square images of one channel
 * (`train-images-idx3-ubyte`) or three (`train-images-idx4-ubyte`: count, channels, rows, columns), and labels.
 *
 * @example
 * ```ts
 * idx('emnist', {prefix: 'emnist-letters-', transposed: true})
 * ```
 * @throws {ConfigError} for an option that does not exist or can't be
 */
export const idx = (folder: string, options: IdxOptions = {}): DataSource => {
	const {classes, form, prefix, transposed = false, source} = options ?? {};
	if (typeof folder !== 'string') {
		throw new ConfigError('folder', 'a path', formatValue(folder));
	}

	checkNames(options ?? {}, known);

	checkClasses(classes);
	checkForm(form);
	const preparation = parsePreparation(options ?? {});
	if (prefix !== undefined && typeof prefix !== 'string') {
		throw new ConfigError('prefix', 'a text such as `emnist-letters-`', formatValue(prefix));
	}

	if (source !== undefined && (typeof source !== 'string' || source.trim() === '')) {
		throw new ConfigError('source', 'a text, such as `the Debian package dataset-fashion-mnist`', formatValue(source));
	}

	if (typeof transposed !== 'boolean') {
		throw new ConfigError('transposed', '`true` or `false`', formatValue(transposed));
	}

	return {
		async open(base, openOptions) {
			checkOpenOptions(openOptions);
			const place = path.resolve(base, folder);
			const advice = source === undefined ? '' : `: get the files from ${source}`;
			if (prefix === undefined && !transposed) {
				checkFileNames(place, advice);
				const {data, survey} = await readIdx(path.basename(place), place, undefined, {classes, form, preparation});
				reportSurvey(survey, data.classes, openOptions?.tell);
				return data;
			}

			const [train, test] = [
				await readSet(place, 'train', {prefix, transposed, advice}),
				await readSet(place, 'test', {prefix, transposed, advice}),
			];
			if (train.channels !== test.channels || train.size !== test.size) {
				const [a, b] = [train, test].map(({channels, size}) => `${channels} x ${size} x ${size}`);
				throw new DataError(
					`${place}: expected images of one size; found ${a} and ${b}`,
					place,
					'one size',
					`${a} and ${b}`,
				);
			}

			const name = (prefix ?? '').replace(/-+$/, '') || path.basename(place);
			const numbered = numberFromZero(train, test, classes);
			const beyond = [...numbered.train.labels, ...numbered.test.labels].find(label => !isLabel(label, classes));
			if (beyond !== undefined) {
				const found = `${beyond}, counted from the lowest`;
				throw new DataError(
					`${place}: expected ${labelRange(classes)} found ${found}`,
					place,
					labelRange(classes),
					found,
				);
			}

			const data = await openSets({name, channels: train.channels, size: train.size, ...numbered}, openOptions);
			return {...data, ...(form && {form}), ...(preparation && {preparation})};
		},
	};
};

/** Lists what exists if files of MNIST's names are missing, and refuses those whose name says the wrong thing of gzip. */
const checkFileNames = (folder: string, advice: string): void => {
	const type = fileType(folder);
	const refuse = (expected: string, found: string): never => {
		throw new DataError(`${folder}: expected ${expected}; ${found}`, folder, expected, found);
	};
	if (type !== 'a folder') {
		const beside = fileType(path.dirname(folder)) === 'a folder' ? listFolder(path.dirname(folder)) : [];
		const found =
			type === 'nothing' ? `it does not exist${didYouMean(path.basename(folder), beside)}` : `it is ${type}`;
		refuse('a folder of IDX files', found + advice);
	}

	const names = listFolder(folder).sort(); // as they are looked for: plain before .gz
	const other = names.find(name => /train-images[-.]idx[34]-ubyte(?:\.gz)?$/.test(name));
	for (const [wanted, known] of Object.entries(fileNames)) {
		const found = names.find(name => known.test(name));
		if (found !== undefined) {
			checkPacking(path.join(folder, found));
			continue;
		}

		const [, prefix = ''] = /^(.*)train-images-idx/.exec(other ?? '') ?? [];
		if (prefix !== '') {
			const option = `say \`idx(FOLDER, {prefix: ${JSON.stringify(prefix)}})\``;
			refuse(`${wanted} and the other names of MNIST`, `found ${other}: ${option}`);
		}

		const all = names.filter(name => name.includes('ubyte'));
		const beside = all.length > 0 ? all.slice(0, 8).join(', ') : 'no IDX files';
		refuse(`${wanted}, plain or .gz, and the other names of MNIST`, `found ${beside}${advice}`);
	}
};

const fileNames: Readonly<Record<string, RegExp>> = {
	'train-images-idx3-ubyte': /^train-images-idx[34]-ubyte(?:\.gz)?$/,
	'train-labels-idx1-ubyte': /^train-labels-idx1-ubyte(?:\.gz)?$/,
	't10k-images-idx3-ubyte': /^t10k-images-idx[34]-ubyte(?:\.gz)?$/,
	't10k-labels-idx1-ubyte': /^t10k-labels-idx1-ubyte(?:\.gz)?$/,
};

/** Checks that a file is packed by gzip if and only if its name ends in `.gz`. */
const checkPacking = (file: string): void => {
	if (fileType(file) !== 'a file') {
		return; // refused when it is read
	}

	const start = Buffer.alloc(2);
	const opened = openSync(file, 'r');
	try {
		readSync(opened, start, 0, 2, 0);
	} finally {
		closeSync(opened);
	}

	const [isPacked, saysSo] = [start[0] === 0x1f && start[1] === 0x8b, file.endsWith('.gz')];
	if (isPacked !== saysSo) {
		const [expected, found, advice] = saysSo
			? ['a file packed by gzip', 'a plain file', 'take `.gz` off its name']
			: ['a plain file', 'one packed by gzip', 'add `.gz` to its name'];
		throw new DataError(`${file}: expected ${expected}, found ${found}: ${advice}`, file, expected, found);
	}
};

type Set = ImageSet & {readonly channels: number; readonly size: number};

const readSet = async (
	folder: string,
	set: 'train' | 'test',
	{prefix = '', transposed, advice}: {prefix: string | undefined; transposed: boolean; advice: string},
): Promise<Set> => {
	const find = (what: string): string => {
		const names = (set === 'test' ? ['test', 't10k'] : ['train']).flatMap(name =>
			['', '.gz'].map(ending => `${prefix}${name}-${what}-ubyte${ending}`),
		);
		const existing = listFolder(folder);
		const found = names.find(name => existing.includes(name));
		if (found === undefined) {
			const [wanted = ''] = names;
			const beside =
				existing
					.filter(name => name.includes('ubyte'))
					.slice(0, 8)
					.join(', ') || 'no IDX files';
			throw new DataError(
				`${folder}: expected ${wanted}, plain or .gz; found ${beside}${advice}`,
				folder,
				wanted,
				beside,
			);
		}

		checkPacking(path.join(folder, found));
		return path.join(folder, found);
	};
	const images = unwrap(await native().readIdxImages(find('images-idx3')));
	if (images.rows !== images.columns) {
		const found = `${images.rows} x ${images.columns}`;
		throw new DataError(`${folder}: expected square images, found ${found}`, folder, 'square images', found);
	}

	const labelsFile = find('labels-idx1');
	const labels = unwrap(native().readIdxLabels(labelsFile));
	if (labels.length !== images.count) {
		const expected = `a label for each of ${images.count} images`;
		throw new DataError(
			`${labelsFile}: expected ${expected}, found ${labels.length}`,
			labelsFile,
			expected,
			String(labels.length),
		);
	}

	const {channels, rows: size, pixels} = images;
	return {images: transposed ? transpose(pixels, size) : pixels, labels, channels, size};
};

/** Exchanges rows and columns of every image. */
const transpose = (pixels: Uint8Array, size: number): Uint8Array => {
	const turned = new Uint8Array(pixels.length);
	const area = size * size;
	for (let start = 0; start < pixels.length; start += area) {
		for (let index = 0; index < area; index += 1) {
			turned[start + (index % size) * size + Math.floor(index / size)] = pixels[start + index] ?? 0;
		}
	}

	return turned;
};

/** EMNIST's letters count from 1: labels are moved so that the lowest is 0, and classes without a name keep their number. */
const numberFromZero = (train: Set, test: Set, classes: readonly string[] | undefined) => {
	const all = [...train.labels, ...test.labels];
	const lowest = all.reduce((least, label) => Math.min(least, label), 255);
	const highest = all.reduce((most, label) => Math.max(most, label), 0);
	const move = (set: Set): Set => ({...set, labels: set.labels.map(label => label - lowest)});
	const names = classes ?? Array.from({length: highest - lowest + 1}, (_, label) => String(label + lowest));
	return {train: move(train), test: move(test), classes: names};
};
