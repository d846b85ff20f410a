import {availableParallelism} from 'node:os';
import path from 'node:path';
import {DataError, LoadError} from '../../errors/index.js';
import {abortedBy} from '../../platform/abort.js';
import {partsOf, runWorkers} from '../../platform/run-workers.js';
import type {Filled} from '../cache.js';
import type {OpenOptions} from '../data.js';
import type {Preparation} from '../decode/preparation.js';
import {prepareOtherFile, preparePlainJpegs} from '../decode/prepare-file.js';
import type {ImageShape} from '../decode/prepare-image.js';
import {type DecodingProgress, readProgress, saveProgress} from '../decoding-progress.js';
import {type IdxSet, IdxWriter} from '../idx-writer.js';
import {checkCounts, type ImageFile, isMisread, type Listing, misread} from './list-images.js';

/** Milliseconds between two lines of progress, and between two times that it is saved. */
const interval = 2000;

/** Images that are decoded before they are written: what bounds the memory, beside the pixels of the images being decoded. */
const atOnce = 256;

/** Files that one thread of the pool is given in a call, so that a small one does not cost a trip. */
const aCall = 16;

/** Calls in progress at once: one a core, and no fewer than libuv's pool has threads, since other formats wait for it several times. */
const inProgress = Math.max(4, availableParallelism());

/** A 16-bit image whose brightest sample is below this share of white uses few of its bits. */
const fewBits = 1 / 8;

type Options = Required<Omit<OpenOptions, 'signal'>> & Pick<OpenOptions, 'signal'>;

/** Decodes the images of a folder into four IDX files, and resumes where it was interrupted. */
export class FolderDecoder {
	#progress: DecodingProgress = {done: 0, damaged: [], unusual: [], deep: 0, dim: 0};
	#total = 0;
	#decoded = 0;
	#reportedAt = performance.now();
	#savedAt = Number.NEGATIVE_INFINITY;

	constructor(
		readonly folder: string,
		readonly shape: ImageShape,
		readonly preparation: Preparation,
		readonly options: Options,
	) {}

	/**
	 * Writes training images, validation images behind them, and test images.
	 *
	 * @param folder has the files of an interrupted writing of the same images, or none
	 * @throws {DataError} for a damaged image, unless those are left out, and for a class with too few images
	 * @throws {AbortError}
	 */
	async write(folder: string, {classes, train, validation, test}: Listing): Promise<Filled> {
		const trained = [...train, ...validation];
		this.#total = trained.length + test.length;
		this.#resume(folder, trained, test);
		await this.#writeSet(folder, 'train', trained, 0);
		checkCounts(
			this.folder,
			classes,
			this.#kept(train).map(({label}) => label),
		);
		await this.#writeSet(folder, 't10k', test, trained.length);
		return {
			leftOut: this.#progress.damaged.toSorted(),
			...(validation.length > 0 && {validation: this.#kept(validation).length}),
			notes: this.#notes(),
		};
	}

	/** Takes over what is on disk of an interrupted writing. */
	#resume(folder: string, trained: readonly ImageFile[], test: readonly ImageFile[]): void {
		const found = readProgress(folder);
		if (!found || found.done === 0 || found.done > this.#total) {
			return;
		}

		const before = this.#progress;
		this.#progress = found;
		const [ofTrain, ofTest] = [trained.slice(0, found.done), test.slice(0, Math.max(0, found.done - trained.length))];
		const has = (set: IdxSet, files: readonly ImageFile[]): boolean =>
			files.length === 0 || IdxWriter.has(folder, set, this.shape, this.#kept(files).length);
		if (!has('train', ofTrain) || !has('t10k', ofTest)) {
			this.#progress = before;
			return;
		}

		this.#decoded = found.done;
		const [done, all] = [found.done, this.#total].map(count => count.toLocaleString('en'));
		this.options.tell(`Resuming: ${done} of ${all} images were decoded before`);
	}

	/** Writes a pair of files. `before` counts the files of earlier pairs. */
	async #writeSet(folder: string, set: IdxSet, files: readonly ImageFile[], before: number): Promise<void> {
		const done = Math.min(files.length, Math.max(0, this.#progress.done - before));
		const labels = this.#kept(files.slice(0, done)).map(({label}) => label);
		const writer = new IdxWriter(folder, set, this.shape, labels);
		try {
			for (let start = done; start < files.length; start += atOnce) {
				const part = files.slice(start, start + atOnce);
				const images = await this.#decodeAll(part);
				for (const [index, {label}] of part.entries()) {
					const image = images[index];
					if (image) {
						writer.add(image, label);
					}
				}

				this.#progress.done = before + start + part.length;
				this.#save(folder, writer);
			}

			writer.finish();
		} finally {
			writer.close();
		}
	}

	#save(folder: string, writer: IdxWriter): void {
		if (performance.now() - this.#savedAt > interval) {
			writer.sync();
			saveProgress(folder, this.#progress);
			this.#savedAt = performance.now();
		}
	}

	/** Returns the files that were not left out. */
	#kept(files: readonly ImageFile[]): readonly ImageFile[] {
		const damaged = new Set(this.#progress.damaged);
		return damaged.size === 0 ? files : files.filter(({file}) => !damaged.has(file));
	}

	/** Decodes several at once; an image that is left out is `undefined`. */
	async #decodeAll(files: readonly ImageFile[]): Promise<ReadonlyArray<Uint8Array | undefined>> {
		const decoded: Array<Uint8Array | undefined> = [];
		const {signal = new AbortController().signal} = this.options;
		await runWorkers(partsOf(files, aCall), inProgress, signal, async ({start, part}, signal) => {
			for (let done = 0; done < part.length; ) {
				const places = part.slice(done).map(({file}) => path.join(this.folder, file));
				for (const plain of await preparePlainJpegs(places, this.shape, this.preparation)) {
					if (signal.aborted) {
						throw abortedBy(signal);
					}

					decoded[start + done] = plain ? plain.pixels : await this.#decodeOther(part[done]?.file ?? '');
					done += 1;
					this.#reportProgress();
				}
			}
		});
		return decoded;
	}

	/** Decodes a file that is no plain JPEG. */
	async #decodeOther(file: string): Promise<Uint8Array | undefined> {
		const place = path.join(this.folder, file);
		try {
			const {pixels, warnings, brightest} = await prepareOtherFile(place, this.shape, this.preparation);
			if (warnings.length > 0) {
				this.#progress.unusual.push(`${file} (${warnings.join(', ')})`);
			}

			if (brightest !== undefined) {
				this.#progress.deep += 1;
				this.#progress.dim += brightest < fewBits ? 1 : 0;
			}

			return pixels;
		} catch (error) {
			if (error instanceof LoadError) {
				throw error; // no image's fault
			}

			if (this.options.skipDamaged) {
				this.#progress.damaged.push(file);
				return undefined;
			}

			const reason = isMisread(place) ? misread : error instanceof Error ? error.message : String(error);
			throw new DataError(
				`${place}: expected a whole image, found damage (${reason}); repair it, or leave such images out with \`--skip-damaged\``,
				place,
				'a whole image',
				reason,
			);
		}
	}

	#reportProgress(): void {
		this.#decoded += 1;
		if (performance.now() - this.#reportedAt > interval) {
			this.#reportedAt = performance.now();
			this.options.tell(`Decoded ${this.#decoded.toLocaleString('en')} of ${this.#total.toLocaleString('en')} images`);
		}
	}

	/** Describes in a line each what is unusual about the images that were used. */
	#notes(): string[] {
		const {unusual, deep, dim} = this.#progress;
		const [first] = unusual.toSorted();
		const count = unusual.length;
		const isDim = deep > 0 && dim === deep && this.preparation.bits === 16;
		return [
			...(first === undefined
				? []
				: [
						`${count} ${count === 1 ? 'image has' : 'images have'} an unusual file, such as ${first}; used all the same`,
					]),
			...(isDim
				? [
						`No 16-bit image uses more than 1/8 of its range, so all come out nearly black: say how many bits they use, such as \`bits: 12\``,
					]
				: []),
		];
	}
}
