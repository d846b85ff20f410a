import {chmodSync, existsSync, mkdirSync, readdirSync, statSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {AbortError, ConfigError, WriteError} from '../errors/index.js';
import {isSystemError} from '../errors/is-system-error.js';
import {isLocked, LockLost, removeStaleLock, withLock} from '../fs/lock-folder.js';
import {makeFolders} from '../fs/make-folders.js';
import {cacheFolder} from './cache-folder.js';

/**
 * Checks that only its user can write to a cache, or the system's administrator, who can do so anyway, since code and data
 * are read from it. Windows keeps caches in a private folder.
 *
 * @throws {ConfigError} if it is another user's, or others may write to it
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
			`the cache in ${cache} ${got}, and code in it would be run: ${advice}`,
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
 * Makes a cache that is private to its user, or checks the existing one. The platform's own folder is made private; a
 * folder that STEPLADDER_CACHE names keeps its mode.
 *
 * @throws {ConfigError} if it is another user's, or others may write to it
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

/** Options of {@link fillCache}. */
export type FillOptions = {
	readonly cache: string;
	readonly report: (line: string) => void;
	readonly signal?: AbortSignal | undefined;
};

/**
 * Fills an entry of a cache under its lock.
 *
 * @param work takes a signal that ends it
 * @throws {ConfigError} for a cache that others may write to
 * @throws {WriteError} if the system refuses, or the lock was lost
 * @throws {AbortError}
 */
export const fillCache = async <Value>(
	entry: string,
	{cache, report, signal}: FillOptions,
	work: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> =>
	wrapCacheErrors(entry, async () => {
		makeCache(cache);
		try {
			return await withLock(lockOf(entry), report, work, signal);
		} catch (error) {
			if (signal?.aborted) {
				throw error instanceof AbortError ? error : new AbortError(signal.reason);
			}

			throw error instanceof LockLost ? new WriteError(error.message, entry, {cause: error}) : error;
		}
	});

/** Removes the stale lock of an entry that needs no filling. */
export const removeStaleLockOf = (entry: string): void => removeStaleLock(lockOf(entry));

/** Returns the lock of an entry. */
export const lockOf = (entry: string): string => `${entry}.lock`;

/**
 * Removes temporary files that killed set-ups of this and other versions left in an entry's cache, except of entries that
 * are locked. The caller has the lock of `entry`.
 *
 * @param kept files to continue with
 */
export const removeLeftovers = async (entry: string, kept: readonly string[] = []): Promise<void> => {
	const cache = path.dirname(entry);
	const names = readdirSync(cache);
	const leftovers = names.filter(name => {
		const [, of] = /^((?:libtorch|addon-torch)-.+?)\.(?:new(?:-\w+)?|wheels)$/.exec(name) ?? [];
		const isLeftover = of !== undefined && (of === path.basename(entry) || !isLocked(lockOf(path.join(cache, of))));
		return isLeftover && !kept.includes(path.join(cache, name));
	});
	for (const name of leftovers) {
		await rm(path.join(cache, name), {recursive: true, force: true});
	}
};

/**
 * Does work that writes to the cache.
 *
 * @throws {WriteError} for errors of the system; other errors are thrown as they are
 */
export const wrapCacheErrors = async <Value>(file: string, work: () => Promise<Value>): Promise<Value> => {
	try {
		return await work();
	} catch (error) {
		if (!isSystemError(error)) {
			throw error;
		}

		throw new WriteError(
			`could not write the cache in ${file} (${error.message}); name another folder by STEPLADDER_CACHE`,
			file,
			{cause: error},
		);
	}
};
