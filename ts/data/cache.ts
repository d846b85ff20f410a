import {mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {z} from 'zod';
import {checkCache, fillCache, makeCache, removeStaleLockOf, wrapCacheErrors} from '../cache/cache.js';
import {cacheFolder} from '../cache/cache-folder.js';
import {removeEntry} from '../cache/remove-entry.js';
import {type EntrySource, imagesFolder, markOpen, noteSource, readSources} from '../cache/uses.js';
import {DataError, WriteError} from '../errors/index.js';
import {sha256} from '../fs/hash.js';
import {makeFolders} from '../fs/make-folders.js';
import {syncFolder} from '../fs/write-file-atomic.js';
import {dataOf, describeWithFindings, readIdx, type SurveyedData} from './data.js';
import type {Preparation} from './decode/preparation.js';
import type {ImageShape} from './decode/prepare-image.js';
import {progressFile} from './decoding-progress.js';
import {IdxWriter} from './idx-writer.js';

/** Which entry of the cache is asked for. */
export type Entry = {
	/** What its images are made of: another key, other images. */
	readonly key: string;
	/** Where they come from. An older entry of the same source is removed. */
	readonly source: EntrySource;
	/** For people. */
	readonly name: string;
	readonly classes: readonly string[] | undefined;
	readonly tell: (line: string) => void;
	/** Ends a wait for another process that writes it. */
	readonly signal?: AbortSignal | undefined;
};

/** The outcome of filling an entry, beside its files. */
export type Filled = {
	/** Names of the images that were left out as damaged. */
	readonly leftOut: readonly string[];
	/** The number of validation images, which follow the training images in their files, if there are any. */
	readonly validation?: number | undefined;
	/** Lines to report each time the entry is opened. */
	readonly notes?: readonly string[] | undefined;
	/** The background that was chosen for these images, if one was. */
	readonly background?: Preparation['background'] | undefined;
};

/** An entry of the cache. */
export type Cached = Filled & SurveyedData;

/**
 * Fills an entry.
 *
 * @param folder where the files go; it has what an earlier, interrupted filling left there
 */
type Fill = (folder: string, signal: AbortSignal) => Promise<Filled>;

/**
 * Opens four IDX files of the cache, written by `fill` if they are missing or have changed. The entry appears complete or
 * not at all, and lasts through a power cut: it is filled beside its place, under a lock, and renamed once it is on disk.
 *
 * @throws {WriteError} where the cache can't be written
 * @throws {ConfigError} where others may write to it
 */
export const cacheImages = async (entry: Entry, fill: Fill): Promise<Cached> => {
	const {key, source} = entry;
	const cache = cacheFolder();
	const cached = await findOrFill(entry, cache, fill);
	await noteSource(key, source, cache);
	await removeOlder(entry, cache);
	return cached;
};

const findOrFill = async (entry: Entry, cache: string, fill: Fill): Promise<Cached> => {
	const {key, tell, signal} = entry;
	const place = path.join(imagesFolder(cache), key);
	await wrapCacheErrors(place, async () => checkCache(cache));
	clearLeftOvers(path.dirname(place));
	await markOpen(key, cache);
	const found = await wholeAt(place, entry);
	if (found) {
		removeStaleLockOf(place);
		return found;
	}

	return wrapCacheErrors(place, async () => {
		makeCache(cache);
		makeFolders(path.dirname(place));
		await markOpen(key, cache); // there was no cache before
		const report = (): void => tell('Waiting for another process to write the same images to the cache ...');
		// Under its lock, another process may just have written the entry.
		return fillCache(
			place,
			{cache, report, signal},
			async signal => (await wholeAt(place, entry)) ?? fillEntry(place, entry, fill, signal),
		);
	});
};

const fillEntry = async (place: string, {name, classes}: Entry, fill: Fill, signal: AbortSignal): Promise<Cached> => {
	const work = `${place}.partial`;
	mkdirSync(work, {recursive: true});
	try {
		const filled = await fill(work, signal);
		const {data, survey} = await readIdx(name, work, undefined, {classes, validation: filled.validation});
		signal.throwIfAborted();
		const {hashes} = data.idx;
		writeManifest(work, {hashes, ...filled});
		rmSync(path.join(work, progressFile), {force: true});
		syncFolder(work);
		rmSync(place, {recursive: true, force: true});
		renameSync(work, place);
		syncFolder(path.dirname(place));
		return {data: dataOf(describeWithFindings(data), {folder: place, hashes}), survey, ...filled};
	} catch (error) {
		if (!signal.aborted) {
			rmSync(work, {recursive: true, force: true}); // an interrupted filling is resumed later
		}

		throw error;
	}
};

/**
 * Returns the key of the entry that a source had when its files were last compared; `undefined` if their sizes or times have
 * changed since.
 */
export const keyWithStamps = (id: string, stamps: string | undefined): string | undefined =>
	stamps === undefined
		? undefined
		: readSources().find(([, source]) => source.id === id && source.stamps === stamps)?.[0];

/** Removes what a source had before its files changed, unless it is used by others, or by an unfinished run. */
const removeOlder = async ({key, source: {id, folder}}: Entry, cache: string): Promise<void> => {
	if (folder === undefined) {
		return;
	}

	for (const [older] of readSources(cache).filter(([other, source]) => other !== key && source.id === id)) {
		try {
			await removeEntry(
				older,
				cache,
				({sources, runs, isOpen}) => isOpen || runs.length > 0 || sources.some(source => source.id !== id),
			);
		} catch (error) {
			if (!(error instanceof WriteError)) {
				throw error;
			}
			// what can't be removed now costs nothing but space
		}
	}
};

/** Returns an entry if it is unchanged. The hashes of its images are computed on reading anyway. */
const wholeAt = async (place: string, {name, classes}: Entry): Promise<Cached | undefined> => {
	const manifest = readManifest(place);
	if (!manifest) {
		return undefined;
	}

	try {
		const {hashes, ...filled} = manifest;
		return {...(await readIdx(name, place, hashes, {classes, validation: filled.validation})), ...filled};
	} catch (error) {
		if (error instanceof DataError) {
			return undefined;
		}

		throw error; // no room, no addon: not the entry's fault
	}
};

const manifestFile = 'manifest.json';
const manifestSchema = z.object({
	hashes: z.array(z.string()).length(4),
	leftOut: z.array(z.string()),
	validation: z.number().optional(),
	notes: z.array(z.string()).optional(),
	background: z.tuple([z.number(), z.number(), z.number()]).optional(),
	sha256: z.string(),
});

/** The contents of an entry's manifest: the hashes of its four files, and how it was filled. */
type Manifest = Filled & {readonly hashes: readonly string[]};

/** Entries without the later fields keep the hash that they were written with. */
const ownHash = ({hashes, leftOut, background, validation, notes = []}: Manifest): string =>
	sha256(
		JSON.stringify([
			...[hashes, leftOut, ...(background ? [background] : [])],
			...(validation || notes.length > 0 ? [{validation, notes}] : []),
		]),
	);

const writeManifest = (folder: string, manifest: Manifest): void => {
	const text = `${JSON.stringify({...manifest, sha256: ownHash(manifest)}, undefined, '\t')}\n`;
	writeFileSync(path.join(folder, manifestFile), text, {flush: true});
};

/** Returns `undefined` if it is damaged or missing. */
const readManifest = (folder: string): Manifest | undefined => {
	try {
		const text = readFileSync(path.join(folder, manifestFile), 'utf8');
		const {sha256: hash, ...manifest} = manifestSchema.parse(JSON.parse(text));
		return hash === ownHash(manifest) ? manifest : undefined;
	} catch {
		return undefined;
	}
};

const day = 24 * 60 * 60 * 1000;

/** Removes what interrupted fillings left and nobody resumed for a week, and the temporary folders of earlier versions. */
const clearLeftOvers = (folder: string): void => {
	try {
		for (const name of readdirSync(folder).filter(name =>
			/^(arrays|images)-[0-9a-f]{32}\.(\w{6}|partial)$/.test(name),
		)) {
			const left = path.join(folder, name);
			if (Date.now() - statSync(left).mtimeMs > (name.endsWith('.partial') ? 7 : 1) * day) {
				rmSync(left, {recursive: true, force: true});
			}
		}
	} catch {
		// no cache yet, or another process was first: leftovers cost nothing but space
	}
};

/** A set of images as it is written. */
export type ImageSet = {
	/** `[N, channels, size, size]`, 0 for black. */
	readonly images: Uint8Array;
	/** `[N]`. */
	readonly labels: Uint8Array;
};

/**
 * Writes four IDX files, and brings them to disk.
 *
 * @param train sets that follow each other in the training files
 */
export const writeIdx = (folder: string, shape: ImageShape, train: readonly ImageSet[], test: ImageSet): void => {
	const length = shape.channels * shape.size ** 2;
	for (const [name, sets] of [
		['train', train],
		['t10k', [test]],
	] as const) {
		const writer = new IdxWriter(folder, name, shape);
		try {
			for (const {images, labels} of sets) {
				for (const [index, label] of labels.entries()) {
					writer.add(images.subarray(index * length, (index + 1) * length), label);
				}
			}

			writer.finish();
		} finally {
			writer.close();
		}
	}
};
