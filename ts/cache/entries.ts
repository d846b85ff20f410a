import {existsSync, lstatSync, readdirSync, rmSync} from 'node:fs';
import path from 'node:path';
import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {isLocked} from '../fs/lock-folder.js';
import {checkCache, fillCache, lockOf, wrapCacheErrors} from './cache.js';
import {cacheFolder} from './cache-folder.js';
import {removeEntry} from './remove-entry.js';
import {type EntryUses, imagesFolder, readUses} from './uses.js';

/** The kinds of what the cache keeps: decoded images, libtorch, and addons that are linked against it. */
export const cacheKinds = ['images', 'libtorch', 'addons'] as const;

/** An entry of the cache. */
export type CacheEntry = {
	readonly kind: (typeof cacheKinds)[number];
	/** Absolute. */
	readonly path: string;
	readonly bytes: number;
	/** When it was last opened, in UTC; of libtorch and addons, when it was written. */
	readonly usedAt: string;
	/** The folders of image files that it was decoded from; none for images that were in memory. */
	readonly sources: readonly string[];
	/** Folders of unfinished runs that were trained on it. */
	readonly runs: readonly string[];
	/** Whether a process has it open. */
	readonly isOpen: boolean;
};

/** Which entries {@link cleanCache} removes. */
export type CleanOptions = {
	/** Removes images that were last opened more than so many days ago. */
	readonly olderThan: number;
	/** Removes all images, libtorch and addons. */
	readonly all: boolean;
};

/** The outcome of {@link cleanCache}. */
export type Cleaned = {
	readonly removed: readonly CacheEntry[];
	/** Entries that were to be removed, and are in use or needed by an unfinished run. */
	readonly spared: readonly CacheEntry[];
};

/**
 * Lists the entries of the cache, the largest first. Anything else in its folder is not listed, and never removed.
 *
 * @throws {ConfigError} if others may write to the cache
 */
export const listCache = (cache = cacheFolder()): readonly CacheEntry[] => {
	checkCache(cache);
	const usesOf = readUses(cache);
	const images = namesIn(imagesFolder(cache)).flatMap(name => {
		const [, key] = imagesName.exec(name) ?? [];
		return key === undefined ? [] : [imagesEntry(path.join(imagesFolder(cache), name), usesOf(name))];
	});
	const others = namesIn(cache).flatMap(name => {
		const kind = kindOf(name);
		return kind === undefined ? [] : [entryOf(kind, path.join(cache, name))];
	});
	return [...images, ...others].sort((a, b) => b.bytes - a.bytes);
};

/**
 * Removes entries of the cache: images that were not opened for some time, and images whose folder is gone. Those that a process has
 * open or an unfinished run needs are spared.
 *
 * @throws {ConfigError} for a number of days below 0, and if others may write to the cache
 * @throws {WriteError}
 */
export const cleanCache = async ({olderThan, all}: CleanOptions, cache = cacheFolder()): Promise<Cleaned> => {
	if (!(olderThan >= 0)) {
		throw new ConfigError('olderThan', 'a number of days, at least 0', formatValue(olderThan));
	}

	const now = Date.now();
	const isDue = ({kind, usedAt, sources}: CacheEntry): boolean =>
		all ||
		(kind === 'images' &&
			(now - Date.parse(usedAt) > olderThan * aDay || (sources.length > 0 && sources.every(isGone))));
	const due = listCache(cache).filter(isDue);
	const [removed, spared]: [CacheEntry[], CacheEntry[]] = [[], []];
	for (const entry of due) {
		if (await remove(entry, cache)) {
			removed.push(entry);
		} else if (existsSync(entry.path)) {
			spared.push(entry); // else another process removed it
		}
	}

	return {removed, spared};
};

const aDay = 24 * 60 * 60 * 1000;

/** A folder of decoded images; with an ending, one that was being written or removed. */
const imagesName = /^((?:images|arrays)-[\da-f]{32})(?:\.\w{6})?$/;

const kindOf = (name: string): CacheEntry['kind'] | undefined => {
	const [, which] = /^(libtorch|addon-torch)-[\w.-]+$/.exec(name) ?? [];
	return which === undefined || name.endsWith('.lock') ? undefined : which === 'libtorch' ? 'libtorch' : 'addons';
};

const imagesEntry = (place: string, {sources, runs, isOpen}: EntryUses): CacheEntry => {
	const entry = entryOf('images', place);
	const opened = sources.map(({usedAt}) => new Date(usedAt).toISOString());
	return {
		...entry,
		usedAt: [entry.usedAt, ...opened].toSorted().at(-1) ?? entry.usedAt,
		...{sources: sources.flatMap(({folder}) => folder ?? []), runs, isOpen},
	};
};

const entryOf = (kind: CacheEntry['kind'], place: string): CacheEntry => ({
	...{
		kind,
		path: place,
		bytes: sizeOf(place),
		usedAt: new Date(lstatSync(place, {throwIfNoEntry: false})?.mtimeMs ?? 0).toISOString(),
	},
	...{sources: [], runs: [], isOpen: false},
});

/** Returns whether an entry was removed. */
const remove = async ({kind, path: place, usedAt}: CacheEntry, cache: string): Promise<boolean> => {
	if (kind !== 'images') {
		return !isLocked(lockOf(place)) && removeLocked(place, cache);
	}

	const name = path.basename(place);
	if (name.includes('.')) {
		// a process may be writing it, which takes less than a day
		return Date.now() - Date.parse(usedAt) > aDay && wrapCacheErrors(place, async () => removeAll(place));
	}

	return removeEntry(name, cache, ({runs, isOpen}) => isOpen || runs.length > 0);
};

const removeLocked = async (place: string, cache: string): Promise<boolean> =>
	fillCache(place, {cache, report() {}}, async () => existsSync(place) && removeAll(place));

const removeAll = (place: string): true => {
	rmSync(place, {recursive: true, force: true});
	return true;
};

const isGone = (folder: string): boolean => lstatSync(folder, {throwIfNoEntry: false}) === undefined;

/** Returns the bytes of all files of a folder, as their lengths. */
const sizeOf = (place: string): number => {
	const found = lstatSync(place, {throwIfNoEntry: false});
	return found?.isDirectory()
		? namesIn(place).reduce((sum, name) => sum + sizeOf(path.join(place, name)), 0)
		: (found?.size ?? 0);
};

const namesIn = (folder: string): string[] => {
	try {
		return readdirSync(folder);
	} catch {
		return []; // no cache yet, or removed meanwhile
	}
};
