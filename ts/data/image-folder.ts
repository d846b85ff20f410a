import {createHash} from 'node:crypto';
import {statSync} from 'node:fs';
import {availableParallelism} from 'node:os';
import path from 'node:path';
import {ConfigError, DataError, LoadError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {fileType} from '../fs/file-type.js';
import {listFolder} from '../fs/list-folder.js';
import {abortedBy} from '../platform/abort.js';
import {cacheImages, type ImageSet, writeIdx} from './cache.js';
import type {DataSource, OpenOptions} from './data.js';
import {decodeImage, decoderVersion} from './decode.js';

/** What {@link imageFolder} brings its images to. */
export type ImageFolderOptions = {
	/** Height and width: each image is fitted whole into a square of it. */
	readonly size: number;
	/**
	 * 1 for grey, 3 for red, green and blue.
	 *
	 * @default 3
	 */
	readonly channels?: 1 | 3;
};

type Found = {readonly file: string; readonly label: number};
type Listing = {readonly classes: readonly string[]; readonly train: readonly Found[]; readonly test: readonly Found[]};

const isImage = (name: string): boolean => /\.(?:png|jpe?g)$/i.test(name) && !name.startsWith('.');

/**
 * A folder of PNG and JPEG files: `train/<class>/*` and `test/<class>/*`. The folders' names are the names of the
 * classes. Images are decoded once and kept in the cache. They stand in the order of the last number in their names,
 * then of the names, then of the classes, so that classes mix where files are numbered.
 */
export const imageFolder = (folder: string, options: ImageFolderOptions): DataSource => {
	const {size, channels = 3} = options ?? {};
	if (typeof folder !== 'string') {
		throw new ConfigError('folder', 'a path', formatValue(folder));
	}

	if (!Number.isSafeInteger(size) || size < 1 || size > 4096) {
		throw new ConfigError('size', 'a whole number from 1 to 4096', formatValue(size));
	}

	if (channels !== 1 && channels !== 3) {
		throw new ConfigError('channels', '1 or 3', formatValue(channels));
	}

	return {
		async open(base, {skipDamaged = false, tell = () => {}, signal} = {}) {
			const place = path.resolve(base, folder);
			const listing = list(place);
			const decoder = await decoderVersion();
			const key = keyOf(place, listing, [size, channels, skipDamaged, decoder]);
			const entry = {key, name: path.basename(place), classes: listing.classes, tell, signal};
			const {data, leftOut} = await cacheImages(entry, async work => {
				const decoder = new Decoder(place, {size, channels}, {skipDamaged, tell, signal}, listing);
				const train = await decoder.decode(listing.train);
				const test = await decoder.decode(listing.test);
				checkCounts(place, listing.classes, train.labels);
				writeIdx(work, channels, size, train, test);
				return decoder.damaged.toSorted();
			});
			if (leftOut.length > 0) {
				tell(`Left out ${leftOut.length} damaged ${leftOut.length === 1 ? 'image' : 'images'}: ${leftOut.join(', ')}`);
			}

			return {...data, decoder};
		},
	};
};

const list = (folder: string): Listing => {
	const foldersIn = (set: string): string[] => {
		const place = path.join(folder, set);
		const found = fileType(place);
		if (found !== 'a folder') {
			throw new DataError(
				`${place}: expected a folder of images, ${set}/<class>/*.png or .jpg; it is ${found === 'nothing' ? 'not there' : found}`,
				place,
				'a folder of images',
				found,
			);
		}

		return listFolder(place).filter(name => !name.startsWith('.') && isClass(path.join(place, name)));
	};

	const classes = foldersIn('train').sort(compareText);
	if (classes.length < 2 || classes.length > 256) {
		const place = path.join(folder, 'train');
		const expected = 'from 2 to 256 folders, one a class';
		throw new DataError(
			`${place}: expected ${expected}, found ${classes.length}`,
			place,
			expected,
			String(classes.length),
		);
	}

	const unknown = foldersIn('test').find(name => !classes.includes(name));
	if (unknown !== undefined) {
		const place = path.join(folder, 'test', unknown);
		throw new DataError(
			`${place}: the class \`${unknown}\` has test images but none to learn from; put some in ${path.join(folder, 'train', unknown)}`,
			place,
			`one of the classes of train: ${classes.join(', ')}`,
			unknown,
		);
	}

	const filesOf = (set: string): Found[] => {
		const found = classes.flatMap((name, label) => {
			const place = path.join(folder, set, name);
			const files = listFolder(place).filter(isImage);
			return files.map(file => ({file: path.join(set, name, file), label}));
		});
		if (found.length === 0) {
			const place = path.join(folder, set);
			throw new DataError(
				`${place}: expected PNG or JPEG files in the folders of its classes, found none`,
				place,
				'images',
				'none',
			);
		}

		return found.toSorted(
			(a, b) =>
				numberIn(a.file) - numberIn(b.file) ||
				compareText(path.basename(a.file), path.basename(b.file)) ||
				a.label - b.label,
		);
	};

	const train = filesOf('train');
	checkCounts(
		folder,
		classes,
		train.map(({label}) => label),
	);
	return {classes, train, test: filesOf('test')};
};

/** Whether a place among the classes is one: a folder, or a link to one. A class that can't be reached is not passed over. */
const isClass = (place: string): boolean => {
	const found = fileType(place);
	const problem = isMisread(place) ? misread : found === 'a link to nowhere' ? `it is ${found}` : undefined;
	if (problem) {
		const advice = 'a class can’t be left out: mend or remove it';
		throw new DataError(
			`${place}: expected a folder of images of one class; ${problem} (${advice})`,
			place,
			'a folder of images',
			problem,
		);
	}

	return found === 'a folder';
};

/** Names reach us as text: one that was none does not lead back to its file. */
const isMisread = (place: string): boolean => path.basename(place).includes('\uFFFD') && fileType(place) === 'nothing';
const misread = 'its name is not UTF-8';

/** By code units: the same on every machine, whatever its language. */
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The last number in a file's name; 0 where there is none. */
const numberIn = (file: string): number =>
	Number(/(\d{1,15})\D*$/.exec(path.basename(file, path.extname(file)))?.[1] ?? 0);

const checkCounts = (folder: string, classes: readonly string[], labels: Iterable<number>): void => {
	const counts = classes.map(() => 0);
	for (const label of labels) {
		counts[label] = (counts[label] ?? 0) + 1;
	}

	const few = counts.findIndex(count => count < 2);
	const name = classes[few];
	if (name !== undefined) {
		const place = path.join(folder, 'train', name);
		const found = `${counts[few]} ${counts[few] === 1 ? 'image' : 'images'}`;
		throw new DataError(
			`${place}: the class \`${name}\` has ${found} to learn from; at least 2 are needed`,
			place,
			'at least 2 images',
			found,
		);
	}
};

/** Changes when any file does, or what is made of them; a look at sizes and times, since reading all would take long. */
const keyOf = (folder: string, {classes, train, test}: Listing, words: readonly unknown[]): string => {
	const hash = createHash('sha256').update(JSON.stringify([folder, classes, words]));
	for (const {file} of [...train, ...test]) {
		hash.update(`${file}\0${standing(path.join(folder, file))}\n`);
	}

	return `images-${hash.digest('hex').slice(0, 32)}`;
};

const standing = (file: string): string => {
	try {
		const {size, mtimeMs, ctimeMs} = statSync(file);
		return `${size} ${mtimeMs} ${ctimeMs}`;
	} catch (error) {
		return String((error as NodeJS.ErrnoException).code); // a link to nowhere: damaged, like a file that can't be decoded
	}
};

/** Milliseconds between two lines that say how far it is. */
const interval = 2000;

class Decoder {
	/** Files that were left out. */
	readonly damaged: string[] = [];
	#done = 0;
	#toldAt = performance.now();
	readonly #total: number;

	constructor(
		readonly folder: string,
		readonly shape: {readonly size: number; readonly channels: number},
		readonly options: Required<Omit<OpenOptions, 'signal'>> & Pick<OpenOptions, 'signal'>,
		{train, test}: Listing,
	) {
		this.#total = train.length + test.length;
	}

	async decode(files: readonly Found[]): Promise<ImageSet> {
		const decoded: Array<Uint8Array | undefined> = [];
		const waiting = [...files.entries()];
		const work = async (): Promise<void> => {
			for (let next = waiting.shift(); next; next = waiting.shift()) {
				if (this.options.signal?.aborted) {
					throw abortedBy(this.options.signal);
				}

				const [index, {file}] = next;
				decoded[index] = await this.#one(file);
			}
		};
		await Promise.all(Array.from({length: availableParallelism()}, work));
		const kept = files.flatMap((file, index) => {
			const image = decoded[index];
			return image ? [{image, label: file.label}] : [];
		});
		return {
			images: Buffer.concat(kept.map(({image}) => image)),
			labels: Uint8Array.from(kept, ({label}) => label),
		};
	}

	async #one(file: string): Promise<Uint8Array | undefined> {
		const place = path.join(this.folder, file);
		try {
			return await decodeImage(place, this.shape);
		} catch (error) {
			if (error instanceof LoadError) {
				throw error; // no image's fault
			}

			if (this.options.skipDamaged) {
				this.damaged.push(file);
				return undefined;
			}

			const reason = isMisread(place) ? misread : error instanceof Error ? error.message : String(error);
			throw new DataError(
				`${place}: expected a whole PNG or JPEG, found damage (${reason}); repair it, or leave such images out with \`--skip-damaged\``,
				place,
				'a whole PNG or JPEG',
				reason,
			);
		} finally {
			this.#done += 1;
			if (performance.now() - this.#toldAt > interval) {
				this.#toldAt = performance.now();
				this.options.tell(`Decoded ${this.#done.toLocaleString('en')} of ${this.#total.toLocaleString('en')} images`);
			}
		}
	}
}
