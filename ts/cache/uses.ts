import {randomUUID} from 'node:crypto';
import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {isSystemError} from '../errors/is-system-error.js';
import {sha256} from '../fs/hash.js';
import {acquireFolder, type HeldLock, isLocked, LockLost, removeStaleLock} from '../fs/lock-folder.js';
import {writeFileAtomic} from '../fs/write-file-atomic.js';
import {cacheFolder} from './cache-folder.js';

// The folder `uses` of the cache has a file for each source and each run of an entry, and a lock for each process, with a
// file in it for each entry that the process has opened. Beside the entries, since an entry may be replaced while it is used.

/** The source of an entry's images. */
export type EntrySource = {
	/** Equal for the same folder with the same options. */
	readonly id: string;
	/** `undefined` for images that were in memory. */
	readonly folder?: string | undefined;
	/** What its files looked like when they were last compared with the entry; `undefined` if they have to be compared again. */
	readonly stamps?: string | undefined;
};

export type OpenedSource = EntrySource & {
	/** When it was last opened, in milliseconds. */
	readonly usedAt: number;
};

/** Who uses an entry. */
export type EntryUses = {
	readonly sources: readonly OpenedSource[];
	/** Folders of unfinished runs that were trained on it. */
	readonly runs: readonly string[];
	/** Whether a living process, such as this one, has opened it. */
	readonly isOpen: boolean;
};

const nobody: EntryUses = {sources: [], runs: [], isOpen: false};

/** Returns the folder of the cache's images. */
export const imagesFolder = (cache = cacheFolder()): string => path.join(cache, 'data');

/**
 * Marks an entry as open until this process ends, so that no other process removes it. A cache that can't be written has no
 * marks: nobody can remove its entries either.
 */
export const markOpen = async (key: string, cache = cacheFolder()): Promise<void> =>
	unlessRefused(async () => {
		const lock = await presenceIn(usesFolder(cache));
		writeFileSync(path.join(lock, key), '');
	});

/** Notes that a source was opened from an entry. */
export const noteSource = async (key: string, source: EntrySource, cache = cacheFolder()): Promise<void> =>
	unlessRefused(() => {
		makeUsesFolder(usesFolder(cache));
		writeFileAtomic(path.join(usesFolder(cache), `${key}.source-${source.id}.json`), JSON.stringify(source));
	});

/** Notes that a run is trained on the images of a folder, if that is an entry of the cache. */
export const noteRun = async (images: string, run: string, cache = cacheFolder()): Promise<void> =>
	unlessRefused(() => {
		if (path.dirname(path.resolve(images)) === imagesFolder(cache)) {
			const folder = path.resolve(run);
			makeUsesFolder(usesFolder(cache));
			const file = `${path.basename(images)}.run-${sha256(folder).slice(0, 16)}.json`;
			writeFileAtomic(path.join(usesFolder(cache), file), JSON.stringify({folder}));
		}
	});

/** Returns the sources that were opened, each with the key of its entry, the latest first. */
export const readSources = (cache = cacheFolder()): ReadonlyArray<readonly [string, OpenedSource]> =>
	marksIn(usesFolder(cache), 'source')
		.flatMap(({key, file}): Array<readonly [string, OpenedSource]> => {
			const source = readJson(file) as EntrySource | undefined;
			return source === undefined ? [] : [[key, {...source, usedAt: modifiedAt(file)}]];
		})
		.sort(([, a], [, b]) => b.usedAt - a.usedAt);

/** Returns who uses each entry of the cache, by its key; removes the marks of ended processes and finished runs. */
export const readUses = (cache = cacheFolder()): ((key: string) => EntryUses) => {
	const folder = usesFolder(cache);
	const found = new Map<string, EntryUses>();
	const add = (key: string, uses: Partial<EntryUses>): void => {
		const {sources, runs, isOpen} = found.get(key) ?? nobody;
		found.set(key, {
			sources: [...sources, ...(uses.sources ?? [])],
			runs: [...runs, ...(uses.runs ?? [])],
			isOpen: isOpen || (uses.isOpen ?? false),
		});
	};
	for (const [key, source] of readSources(cache)) {
		add(key, {sources: [source]});
	}

	for (const {key, file} of marksIn(folder, 'run')) {
		const {folder: run} = (readJson(file) ?? {}) as {readonly folder?: string};
		if (run !== undefined && isUnfinished(run)) {
			add(key, {runs: [run]});
		} else {
			removeMark(file);
		}
	}

	for (const name of namesIn(folder).filter(name => name.startsWith('process-'))) {
		const lock = path.join(folder, name.replace(/\.lock\..*$/, '.lock')); // one that is being removed has more after its ending
		if (isLocked(lock)) {
			for (const key of namesIn(lock)) {
				add(key, {isOpen: true});
			}
		} else {
			removeStaleLock(lock);
		}
	}

	return key => found.get(key) ?? nobody;
};

/** Removes the marks of a removed entry. */
export const removeMarks = (key: string, cache = cacheFolder()): void => {
	for (const name of namesIn(usesFolder(cache))) {
		if (name.startsWith(`${key}.`)) {
			removeMark(path.join(usesFolder(cache), name));
		}
	}
};

const usesFolder = (cache: string): string => path.join(cache, 'uses');

/** The locks of this process, one in each cache: there may be several, as in tests. */
const presences = new Map<string, Promise<HeldLock>>();

/** Returns the lock that shows others that this process lives. */
const presenceIn = async (folder: string): Promise<string> => {
	const lock = path.join(folder, `process-${ownId}.lock`);
	const known = presences.get(folder);
	if (known && existsSync(lock)) {
		await known;
		return lock;
	}

	const acquired = known?.then(held => held.release()); // as after the cache was emptied
	const acquiring = Promise.resolve(acquired).then(async () => acquirePresence(folder, lock));
	presences.set(folder, acquiring);
	acquiring.catch(() => presences.delete(folder));
	await acquiring;
	return lock;
};

const acquirePresence = async (folder: string, lock: string): Promise<HeldLock> => {
	makeUsesFolder(folder);
	return acquireFolder(lock, {
		onHeld() {},
		lost: () => new LockLost(`${lock} was removed`), // as with the whole cache
		signal: undefined,
	});
};

const ownId = randomUUID();

/** Makes the folder in an existing cache, which alone is private to its user. */
const makeUsesFolder = (folder: string): void => {
	try {
		mkdirSync(folder);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
			throw error;
		}
	}
};

/** Whether a run may still be resumed: its `result.json` is written last. */
const isUnfinished = (run: string): boolean =>
	existsSync(path.join(run, 'config.json')) && !existsSync(path.join(run, 'result.json'));

/** The files about entries: `<key>.source-<hash>.json` and `<key>.run-<hash>.json`. */
const marksIn = (folder: string, kind: 'source' | 'run') =>
	namesIn(folder).flatMap(name => {
		const [, key = '', found] = /^([\w-]+)\.(source|run)-\w+\.json$/.exec(name) ?? [];
		return found === kind ? [{key, file: path.join(folder, name)}] : [];
	});

const namesIn = (folder: string): string[] => {
	try {
		return readdirSync(folder);
	} catch {
		return []; // nothing was marked yet
	}
};

const readJson = (file: string): unknown => {
	try {
		return JSON.parse(readFileSync(file, 'utf8'));
	} catch {
		return undefined; // cut short, or removed meanwhile
	}
};

const modifiedAt = (file: string): number => statSync(file, {throwIfNoEntry: false})?.mtimeMs ?? 0;

const removeMark = (file: string): void => {
	try {
		rmSync(file, {force: true});
	} catch {
		// as in a cache that can't be written
	}
};

const unlessRefused = async (work: () => void | Promise<void>): Promise<void> => {
	try {
		await work();
	} catch (error) {
		if (!isSystemError(error)) {
			throw error;
		}
	}
};
