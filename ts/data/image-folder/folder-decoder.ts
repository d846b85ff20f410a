import {availableParallelism} from 'node:os';
import path from 'node:path';
import {DataError, LoadError} from '../../errors/index.js';
import {runWorkers} from '../../platform/run-workers.js';
import type {Filled} from '../cache.js';
import type {OpenOptions} from '../data.js';
import {decodeImage} from '../decode/decode-image.js';
import type {Preparation} from '../decode/preparation.js';
import {type ImageShape, measureBrightness, prepareImage} from '../decode/prepare-image.js';
import {IdxWriter} from '../idx-writer.js';
import {checkCounts, type ImageFile, isMisread, type Listing, misread} from './list-images.js';

/** Milliseconds between two lines of progress. */
const interval = 2000;

/** Images that are decoded before they are written: what bounds the memory, beside the pixels of the images being decoded. */
const atOnce = 256;

/** A 16-bit image whose brightest sample is below this share of white uses few of its bits. */
const fewBits = 1 / 8;

type Options = Required<Omit<OpenOptions, 'signal'>> & Pick<OpenOptions, 'signal'>;

/** Decodes the images of a folder into four IDX files. */
export class FolderDecoder {
	readonly #damaged: string[] = [];
	readonly #unusual: string[] = [];
	#deep = 0;
	#dim = 0;
	#done = 0;
	#total = 0;
	#reportedAt = performance.now();

	constructor(
		readonly folder: string,
		readonly shape: ImageShape,
		readonly preparation: Preparation,
		readonly options: Options,
	) {}

	/**
	 * Writes training images, validation images behind them, and test images.
	 *
	 * @throws {DataError} for a damaged image, unless those are left out, and for a class with too few images
	 * @throws {AbortError}
	 */
	async write(folder: string, {classes, train, validation, test}: Listing): Promise<Filled> {
		this.#total = train.length + validation.length + test.length;
		const [trained, validated] = await this.#writeSets(folder, 'train', [train, validation]);
		checkCounts(this.folder, classes, trained ?? []);
		await this.#writeSets(folder, 't10k', [test]);
		return {leftOut: this.#damaged.toSorted(), validation: validated?.length, notes: this.#notes()};
	}

	/** Writes sets behind each other, and returns the labels of each. */
	async #writeSets(
		folder: string,
		name: 'train' | 't10k',
		sets: ReadonlyArray<readonly ImageFile[]>,
	): Promise<number[][]> {
		const writer = new IdxWriter(folder, name, this.shape);
		const labels: number[][] = sets.map(() => []);
		try {
			for (const [set, files] of sets.entries()) {
				for (let start = 0; start < files.length; start += atOnce) {
					const part = files.slice(start, start + atOnce);
					const images = await this.#decodeAll(part);
					for (const [index, {label}] of part.entries()) {
						const image = images[index];
						if (image) {
							writer.add(image, label);
							labels[set]?.push(label);
						}
					}
				}
			}

			writer.finish();
			return labels;
		} finally {
			writer.close();
		}
	}

	/** Decodes on all cores; an image that is left out is `undefined`. */
	async #decodeAll(files: readonly ImageFile[]): Promise<ReadonlyArray<Uint8Array | undefined>> {
		const decoded: Array<Uint8Array | undefined> = [];
		const {signal = new AbortController().signal} = this.options;
		await runWorkers([...files.entries()], availableParallelism(), signal, async ([index, {file}]) => {
			decoded[index] = await this.#decode(file);
			this.#reportProgress();
		});
		return decoded;
	}

	async #decode(file: string): Promise<Uint8Array | undefined> {
		const place = path.join(this.folder, file);
		try {
			const image = await decodeImage(place);
			if (image.warnings.length > 0) {
				this.#unusual.push(`${file} (${image.warnings.join(', ')})`);
			}

			if (image.bits === 16) {
				const {brightest} = await measureBrightness(image);
				this.#deep += 1;
				this.#dim += brightest < fewBits ? 1 : 0;
			}

			return await prepareImage(image, this.shape, this.preparation);
		} catch (error) {
			if (error instanceof LoadError) {
				throw error; // no image's fault
			}

			if (this.options.skipDamaged) {
				this.#damaged.push(file);
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
		this.#done += 1;
		if (performance.now() - this.#reportedAt > interval) {
			this.#reportedAt = performance.now();
			this.options.tell(`Decoded ${this.#done.toLocaleString('en')} of ${this.#total.toLocaleString('en')} images`);
		}
	}

	/** Describes in a line each what is unusual about the images that were used. */
	#notes(): string[] {
		const [first] = this.#unusual.toSorted();
		const count = this.#unusual.length;
		const isDim = this.#deep > 0 && this.#dim === this.#deep && this.preparation.bits === 16;
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
