import type {Lock} from '../fs/lock.js';
import type {TrialFolder} from './trial-folder.js';

/**
 * Acquires all locks or none, in one order for all sweeps, so that two of them can't wait for each other.
 *
 * @returns the locks by the paths of the folders
 * @throws {LockError} if another process has one
 * @throws {AbortError}
 */
export const lockTrials = async (
	folders: readonly TrialFolder[],
	signal: AbortSignal,
): Promise<ReadonlyMap<string, Lock>> => {
	const locks = new Map<string, Lock>();
	try {
		for (const folder of folders.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
			if (!locks.has(folder.path)) {
				locks.set(folder.path, await folder.lock(signal));
			}
		}

		return locks;
	} catch (error) {
		releaseTrials(locks);
		throw error;
	}
};

/** Releases locks of {@link lockTrials}. */
export const releaseTrials = (locks: ReadonlyMap<string, Lock>): void => {
	for (const lock of locks.values()) {
		lock.release();
	}
};
