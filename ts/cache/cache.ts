import {chmodSync, existsSync, mkdirSync, readdirSync, statSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {AbortError, ConfigError, WriteError} from '../errors/index.js';
import {isLocked, LockLost, removeStaleLock, withLock} from '../fs/lock-folder.js';
import {makeFolders} from '../fs/make-folders.js';
import {cacheFolder} from './cache-folder.js';

/**
 * Holds a cache against who may write to it, since what lies in it is run and learned from: its user alone, or the system's
 * administrator, who may do so anyway. Windows keeps caches in a folder of the user's own.
 *
 * @throws {ConfigError} where it is another user's, or others may write to it
 */
export const checkCache = (cache: string): void => {
	const found = statSync(cache, {throwIfNoEntry: false});
	const user = process.getuid?.();
	if (!found || user === undefined) {
		return;
	}

	const refused = (expected: string, got: string, advice: string): ConfigError =>
		new ConfigError(
			'STEPLADDER_CACHE',
			expected,
			got,
			`the cache in ${cache} ${got}, and what is in it would be run: ${advice}`,
		);
	if (found.uid !== user && found.uid !== 0) {
		const got = `belongs to another user (number ${found.uid}, you are ${user})`;
		throw refused('a folder of your own', got, 'name a folder of your own by STEPLADDER_CACHE');
	}

	if (found.isDirectory() && (found.mode & 0o022) !== 0) {
		const advice = `if you trust what is there, run \`chmod go-w ${cache}\`; else name another folder by STEPLADDER_CACHE`;
		throw refused('a folder that you alone may write to', 'may be written to by other users', advice);
	}
};

/**
 * Makes a cache, private to its user, or holds the one that is there against who may write to it. The platform's own place
 * is made private where it is not; a folder that STEPLADDER_CACHE names is left as it is.
 *
 * @throws {ConfigError} where it is another user's, or others may write to it
 */
export const makeCache = (cache: string): void => {
	if (!existsSync(cache)) {
		makeFolders(path.dirname(cache));
		try {
			mkdirSync(cache, {mode: 0o700});
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
				throw error;
			}
		}
	}

	checkCache(cache);
	const {mode, uid} = statSync(cache);
	if (
		!process.env['STEPLADDER_CACHE'] &&
		cache === cacheFolder() &&
		uid === process.getuid?.() &&
		(mode & 0o077) !== 0
	) {
		chmodSync(cache, 0o700);
	}
};

/** How {@link fillCache} is watched and ended. */
export type FillOptions = {
	readonly cache: string;
	readonly report: (line: string) => void;
	readonly signal?: AbortSignal | undefined;
};

/**
 * Does work that fills a place in a cache, while nobody else does.
 *
 * @param work with a signal that ends it
 * @throws {ConfigError} for a cache that others may write to
 * @throws {WriteError} where the system refuses, or somebody else took over while this process stood still
 * @throws {AbortError}
 */
export const fillCache = async <Value>(
	place: string,
	{cache, report, signal}: FillOptions,
	work: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> =>
	wrapCacheErrors(place, async () => {
		makeCache(cache);
		try {
			return await withLock(lockOf(place), report, work, signal);
		} catch (error) {
			if (signal?.aborted) {
				throw error instanceof AbortError ? error : new AbortError(signal.reason);
			}

			throw error instanceof LockLost ? new WriteError(error.message, place, {cause: error}) : error;
		}
	});

/** Removes the stale lock of an entry that needs no filling. */
export const removeStaleLockOf = (place: string): void => removeStaleLock(lockOf(place));

const lockOf = (place: string): string => `${place}.lock`;

/**
 * Removes what set-ups that were killed have left in a place's cache, of this version and of others, beside which nobody
 * works. To be called by who holds the place's lock.
 *
 * @param kept what is gone on with
 */
export const removeLeftovers = async (place: string, kept: readonly string[] = []): Promise<void> => {
	const cache = path.dirname(place);
	const names = readdirSync(cache);
	const left = names.filter(name => {
		const [, of] = /^((?:libtorch|addon-torch)-.+?)\.(?:new(?:-\w+)?|wheels)$/.exec(name) ?? [];
		const isInUse = (entry: string): boolean =>
			entry !== path.basename(place) && isLocked(lockOf(path.join(cache, entry)));
		return of !== undefined && !isInUse(of) && !kept.includes(path.join(cache, name));
	});
	for (const name of left) {
		await rm(path.join(cache, name), {recursive: true, force: true});
	}
};

/**
 * Does work that writes to a place in the cache.
 *
 * @throws {WriteError} where the system refuses; other errors are left as they are
 */
export const wrapCacheErrors = async <Value>(place: string, work: () => Promise<Value>): Promise<Value> => {
	try {
		return await work();
	} catch (error) {
		if ((error as NodeJS.ErrnoException).syscall === undefined) {
			throw error;
		}

		const reason = (error as Error).message;
		throw new WriteError(
			`could not write the cache in ${place} (${reason}); name another place by STEPLADDER_CACHE`,
			place,
			{cause: error},
		);
	}
};
