import {createHash} from 'node:crypto';
import {statSync} from 'node:fs';
import {availableParallelism} from 'node:os';
import path from 'node:path';
import {DataError} from '../../errors/index.js';
import {native} from '../../native/load.js';
import {unwrap} from '../../native/unwrap.js';
import {partsOf, runWorkers} from '../../platform/run-workers.js';
import type {OpenOptions} from '../data.js';

/** Milliseconds between two lines of progress. */
const interval = 2000;

/** Files whose hashes one thread computes in a call, so that a caller can stop it and sees progress. */
const aPart = 256;

/** A file that was written so short a time ago, in milliseconds, may be written again without another time: file systems keep up to 2 s. */
const clockStep = 2000;

type Options = Required<Pick<OpenOptions, 'tell'>> & Pick<OpenOptions, 'signal'>;

/**
 * The files of a source at one moment. Sizes and times tell whether a file may have changed; whether it has, its contents do,
 * which take long to read.
 */
export class FileContents {
	/** What size and times say of each file. */
	readonly #stamps: readonly string[];
	readonly #takenAt = Date.now();
	#hashes: readonly string[] | undefined;

	/** @param files relative to `folder` */
	constructor(
		readonly folder: string,
		readonly files: readonly string[],
		readonly options: Options,
	) {
		this.#stamps = this.#readStamps();
	}

	/** Returns one hash over names, sizes and times. */
	get stamps(): string {
		return hashOf(this.files, this.#stamps);
	}

	/** Whether equal sizes and times will mean equal contents: none was written just before it was looked at. */
	get isSettled(): boolean {
		return this.#stamps.every(stamp => !(Number(stamp.split(' ').at(-1)) > this.#takenAt - clockStep));
	}

	/**
	 * Reads all files, and returns one hash over names and contents.
	 *
	 * @throws {AbortError}
	 */
	async hash(): Promise<string> {
		this.#hashes ??= await this.#readHashes();
		return hashOf(this.files, this.#hashes);
	}

	/**
	 * Checks that no file has changed since this was made.
	 *
	 * @throws {DataError} naming one that has
	 * @throws {AbortError}
	 */
	async checkUnchanged(): Promise<void> {
		const stamps = this.#readStamps();
		const moved = stamps.findIndex((stamp, index) => stamp !== this.#stamps[index]);
		if (moved === -1 && this.isSettled) {
			return;
		}

		const before = this.#hashes;
		const now = before && (await this.#readHashes());
		const changed = now ? now.findIndex((hash, index) => hash !== before?.[index]) : moved;
		const file = this.files[changed];
		if (file !== undefined) {
			const place = path.join(this.folder, file);
			const expected = 'a file that stays as it is while it is read';
			throw new DataError(
				`${place}: expected ${expected}; it has changed: open the data again`,
				place,
				expected,
				'it has changed',
			);
		}
	}

	#readStamps(): string[] {
		return this.files.map(file => stampOf(path.join(this.folder, file)));
	}

	async #readHashes(): Promise<string[]> {
		const {tell, signal = new AbortController().signal} = this.options;
		const hashes: string[] = [];
		let [done, reportedAt] = [0, performance.now()];
		await runWorkers(partsOf(this.files, aPart), availableParallelism(), signal, async ({start, part}) => {
			const places = part.map(file => path.join(this.folder, file));
			for (const [index, hash] of unwrap(await native().hashFiles(places)).entries()) {
				hashes[start + index] = hash;
			}

			done += part.length;
			if (performance.now() - reportedAt > interval) {
				reportedAt = performance.now();
				tell(
					`Compared ${done.toLocaleString('en')} of ${this.files.length.toLocaleString('en')} images with the cache`,
				);
			}
		});
		return hashes;
	}
}

const hashOf = (files: readonly string[], values: readonly string[]): string => {
	const hash = createHash('sha256');
	for (const [index, file] of files.entries()) {
		hash.update(`${file}\0${values[index]}\n`);
	}

	return hash.digest('hex');
};

/** Size and times; the time of the last change, which no program can set, comes last. */
const stampOf = (file: string): string => {
	try {
		const {size, mtimeMs, ctimeMs} = statSync(file);
		return `${size} ${mtimeMs} ${ctimeMs}`;
	} catch (error) {
		return String((error as NodeJS.ErrnoException).code); // a link to nowhere: damaged, like a file that can't be decoded
	}
};
