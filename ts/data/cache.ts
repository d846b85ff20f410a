import {existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {makeFolders} from '../errors/make-folders.js';
import {cacheFolder} from '../machine/cache-folder.js';
import {checkCache, makeCache} from '../machine/own-cache.js';
import {writingCache} from '../machine/writing-cache.js';

/**
 * A folder of the cache by its key, made by `fill` where it is not there yet. It appears whole or not at all: it is
 * filled beside its place and renamed.
 *
 * @throws {WriteError} where the cache can't be written
 * @throws {ConfigError} where others may write to it
 */
export const cached = async (key: string, fill: (folder: string) => Promise<void>): Promise<string> => {
	const cache = cacheFolder();
	const place = path.join(cache, 'data', key);
	checkCache(cache);
	clearLeftOvers(path.dirname(place));
	if (existsSync(place)) {
		return place;
	}

	await writingCache(place, async () => {
		makeCache(cache);
		makeFolders(path.dirname(place));
		const work = mkdtempSync(`${place}.`);
		try {
			await fill(work);
			if (!existsSync(place)) {
				renameSync(work, place);
			}
		} finally {
			rmSync(work, {recursive: true, force: true});
		}
	});
	return place;
};

const day = 24 * 60 * 60 * 1000;

/** Removes what was being filled by processes that were killed: whoever still works did not begin a day ago. */
const clearLeftOvers = (folder: string): void => {
	try {
		for (const name of readdirSync(folder).filter(name => /^[^.]+\.\w{6}$/.test(name))) {
			const left = path.join(folder, name);
			if (Date.now() - statSync(left).mtimeMs > day) {
				rmSync(left, {recursive: true, force: true});
			}
		}
	} catch {
		// no cache yet, or somebody else was first: what is left is a matter of space alone
	}
};

/** A set of images as it is written. */
export type ImageSet = {
	/** `[N, channels, size, size]`, 0 for black. */
	readonly images: Uint8Array;
	/** `[N]`. */
	readonly labels: Uint8Array;
};

/** Writes four IDX files. */
export const writeIdx = (folder: string, channels: number, size: number, train: ImageSet, test: ImageSet): void => {
	for (const [name, {images, labels}] of [
		['train', train],
		['t10k', test],
	] as const) {
		const shape = channels === 1 ? [size, size] : [channels, size, size];
		writeFileSync(
			path.join(folder, `${name}-images-idx${shape.length + 1}-ubyte`),
			Buffer.concat([header(labels.length, ...shape), images]),
		);
		writeFileSync(path.join(folder, `${name}-labels-idx1-ubyte`), Buffer.concat([header(labels.length), labels]));
	}
};

const header = (...dimensions: readonly number[]): Buffer => {
	const bytes = Buffer.alloc(4 + 4 * dimensions.length);
	for (const [index, word] of [0x0800 + dimensions.length, ...dimensions].entries()) {
		bytes.writeUInt32BE(word, 4 * index);
	}

	return bytes;
};
