import {readdirSync, rmSync} from 'node:fs';
import path from 'node:path';
import {isAbandoned} from '../fs/lock.js';
import {isPartialFile} from '../fs/write-file-atomic.js';
import {readConfig} from './config.js';
import {hasLeftovers, isFolderLocked, isLockFile, lockFolder, removeLeftovers, writeIn} from './folder.js';
import {isFinished} from './is-finished.js';
import {runFiles} from './run-folder.js';

/** Removes what a killed process left in the folder of a finished run, unless another process writes there, or it can’t be written. */
export const cleanUpRun = async (folder: string, signal?: AbortSignal): Promise<void> => {
	try {
		if (hasLeftovers(folder, runFiles)) {
			readConfig(folder); // a run of a later format is left alone
			const lock = await lockFolder(folder, signal);
			try {
				removeLeftovers(folder, runFiles);
			} finally {
				lock.release();
			}
		}
	} catch {
		// the run can be read all the same
	}
};

/**
 * Removes what killed processes left in a step's folder: folders of runs without a `config.json`, which can't be resumed, and
 * leftovers in the folders of finished runs.
 *
 * @throws {WriteError} if the folder can't be listed
 */
export const cleanUpRuns = async (parent: string): Promise<void> => {
	const runs = writeIn(parent, () => readdirSync(parent)).filter(name =>
		/^\d{4}-\d\d-\d\dT[\d-]+Z-s\d+(-\d+)?$/.test(name),
	);
	for (const folder of runs.map(name => path.join(parent, name))) {
		try {
			if (isOrphan(folder)) {
				rmSync(folder, {recursive: true, force: true});
			} else if (isFinished(folder) && !isFolderLocked(folder)) {
				await cleanUpRun(folder);
			}
		} catch {
			// not a folder, or unreadable: no reason not to train
		}
	}
};

const isOrphan = (folder: string): boolean => {
	const names = readdirSync(folder);
	return names.some(isLockFile)
		? names.every(name => isLockFile(name) || isPartialFile(name, runFiles)) && !isFolderLocked(folder)
		: names.length === 0 && isAbandoned(folder);
};
