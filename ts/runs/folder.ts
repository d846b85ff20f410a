import {existsSync, readdirSync, rmSync} from 'node:fs';
import path from 'node:path';
import {displayPath} from '../format/command-line.js';
import {acquireLock, isLocked, isLockName, type Lock} from '../fs/lock.js';
import {suggestOut, wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {isPartialFile, removePartialFiles} from '../fs/write-file-atomic.js';
import {isFinished} from './is-finished.js';

// Common to the folders of runs and of a sweep's trials: a lock, a checkpoint, and `result.json`, which is written last.

const [lockName, checkpointName] = ['.lock', 'checkpoint.safetensors'];

/** Returns the path of the checkpoint that the trainer resumes from. */
export const checkpointIn = (folder: string): string => path.join(folder, checkpointName);

/**
 * Acquires the lock of a folder, which exists.
 *
 * @param advice completes the sentence of a {@link WriteError}
 * @throws {LockError} if another process has it
 * @throws {WriteError}
 */
export const lockFolder = async (folder: string, signal?: AbortSignal, advice?: string): Promise<Lock> =>
	acquireLock(displayPath(folder), path.join(folder, lockName), signal, advice);

/** Returns whether a process has the lock of a folder. */
export const isFolderLocked = (folder: string): boolean => isLocked(path.join(folder, lockName));

/** Returns whether a name is the lock's, or a remnant of one. */
export const isLockFile = (name: string): boolean => isLockName(lockName, name);

/**
 * Returns whether a killed process left a lock, a checkpoint or a partly written file in the folder of a finished run.
 *
 * @param files that are written there
 */
export const hasLeftovers = (folder: string, files: readonly string[]): boolean =>
	existsSync(folder) &&
	readdirSync(folder).some(name => name === checkpointName || isLockFile(name) || isPartialFile(name, files));

/** Removes partly written files, and the checkpoint of a finished run. The caller has the lock. */
export const removeLeftovers = (folder: string, files: readonly string[]): void => {
	removePartialFiles(folder, files);
	if (isFinished(folder)) {
		rmSync(checkpointIn(folder), {force: true});
	}
};

/**
 * Runs work that writes in a folder.
 *
 * @throws {WriteError} if it fails, naming the folder
 */
export const writeIn = <Value>(folder: string, work: () => Value, advice = suggestOut): Value =>
	wrapWriteErrors(`in ${folder}`, folder, work, advice);
