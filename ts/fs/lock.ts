import {channel} from 'node:diagnostics_channel';
import path from 'node:path';
import {AbortError, LockError, type LockHolder} from '../errors/index.js';
import {acquireFolder, acquireFolderSync, type HeldLock, stale} from './lock-folder.js';
import {asWriteError} from './wrap-write-errors.js';

export {isAbandoned, isLocked, isLockName, lockHolder, removeStaleLock} from './lock-folder.js';

/** An exclusive lock, whose signal aborts with a {@link LockError}. */
export type Lock = Pick<HeldLock, 'signal' | 'check' | 'release'>;

/** How long a wait for a lock may be before it is reported, in milliseconds. */
const quietWait = 2000;

/** A holder on another machine or in another container, whose heartbeat is watched for `seconds`. */
export type LockWait = {readonly what: string; readonly holder: LockHolder | undefined; readonly seconds: number};

type Listener = (message: unknown, name: string | symbol) => void;

/** Publishes each {@link LockWait} that takes more than two seconds, for the command line to print. */
export const lockWaits: {
	readonly publish: (wait: unknown) => void;
	readonly subscribe: (listener: Listener) => void;
	readonly unsubscribe: (listener: Listener) => void;
} = channel('stepladder.wait'); // typed here, or whoever uses our types would need those of Node

/**
 * Acquires a lock, as {@link acquireFolder} does; fails at once if a live process holds it.
 *
 * @param what the locked folder in a sentence, such as `runs/tiny/2026-01-01T00-00-00Z-s1`
 * @param lock the folder that is the lock; its parent must exist
 * @param advice for a folder that can't be written
 * @throws {LockError} if another process holds it
 * @throws {WriteError}
 * @throws {AbortError}
 */
export const acquireLock = async (what: string, lock: string, signal?: AbortSignal, advice?: string): Promise<Lock> => {
	let isReported = false;
	try {
		return await acquireFolder(lock, {
			onHeld(holder, isLive, waited) {
				if (isLive) {
					throw new LockError(what, path.resolve(lock), holder);
				}

				if (!isReported && waited > quietWait) {
					isReported = true;
					lockWaits.publish({what, holder, seconds: stale / 1000} satisfies LockWait);
				}
			},
			lost: by => new LockError(what, path.resolve(lock), by, lostSentence(what, by)),
			signal,
		});
	} catch (error) {
		if (signal?.aborted && error === signal.reason) {
			throw new AbortError(error);
		}

		const parent = path.dirname(lock);
		throw asWriteError(`in ${parent}`, parent, error, advice);
	}
};

/** How long another process may work under a lock of {@link underLock}, in milliseconds. */
const longestWork = 30_000;

/**
 * Does work of milliseconds under a lock. Waits for the lock first, also for that of a live process, and blocks the thread
 * meanwhile.
 *
 * @param what as for {@link acquireLock}
 * @param lock the folder that is the lock; its parent must exist
 * @throws {LockError} if a live process holds it for half a minute, as one that is paused
 * @throws {WriteError}
 */
export const underLock = <Value>(what: string, lock: string, work: () => Value): Value => {
	let held: HeldLock;
	try {
		held = acquireFolderSync(lock, {
			onHeld(holder, isLive, waited) {
				if (isLive && waited > longestWork) {
					throw new LockError(what, path.resolve(lock), holder);
				}
			},
			lost: by => new LockError(what, path.resolve(lock), by, lostSentence(what, by)),
		});
	} catch (error) {
		const parent = path.dirname(lock);
		throw asWriteError(`in ${parent}`, parent, error);
	}

	try {
		return work();
	} finally {
		held.release();
	}
};

/** Returns the path of the lock of a folder that may contain nothing else: beside it. */
export const lockPathFor = (folder: string): string =>
	path.join(path.dirname(folder), `.${path.basename(folder)}.lock`);

const lostSentence = (what: string, by: LockHolder | undefined): string =>
	by === undefined
		? `${what} was removed, or its lock was, while it was in use`
		: `${what} was taken over by process ${by.pid} on ${by.host}, while this process was paused`;
