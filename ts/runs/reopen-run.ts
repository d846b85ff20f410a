import {readFileSync} from 'node:fs';
import path from 'node:path';
import {ConfigError} from '../errors/index.js';
import {displayPath, shellQuote} from '../format/command-line.js';
import {readConfig} from './config.js';
import {lockFolder, removeLeftovers, writeIn} from './folder.js';
import {isFinished} from './is-finished.js';
import {RunFolder, runFiles} from './run-folder.js';

/**
 * Opens the folder of an unfinished run to resume it.
 *
 * @throws {ConfigError} if it is not one
 * @throws {LockError} if another process writes there
 * @throws {WriteError}
 */
export const reopenRun = async (folder: string, signal?: AbortSignal): Promise<RunFolder> => {
	const opened = await lockRun(folder, signal);
	if (isFinished(opened.path)) {
		opened.release();
		throw alreadyFinished(folder);
	}

	return opened;
};

/**
 * Locks the folder of a run, finished or not, and removes what a killed process left there. Its logs stay as they are until
 * the trainer has repeated their epochs.
 *
 * @throws {ConfigError} if it is not a run's
 * @throws {LockError} if another process writes there
 * @throws {WriteError}
 */
export const lockRun = async (folder: string, signal?: AbortSignal): Promise<RunFolder> => {
	readConfig(folder);
	const absolute = path.resolve(folder);
	const lock = await lockFolder(absolute, signal);
	try {
		return writeIn(
			absolute,
			() => {
				const opened = new RunFolder(absolute, lock, readFileSync(path.join(absolute, 'config.json'), 'utf8'));
				removeLeftovers(absolute, runFiles);
				return opened;
			},
			'',
		);
	} catch (error) {
		lock.release();
		throw error;
	}
};

/** Returns the ways to train a step for longer than a run of it, as the end of a sentence. */
export const longerAdvice = (folder: string): string =>
	`the learning rate of each epoch depends on their number, so more epochs are another training: train the step again with \`--epochs N\`, or with \`--epochs N --set start.from=${shellQuote(displayPath(folder))}\` from the weights of this run`;

/** Returns the error for resuming a run that has finished. */
export const alreadyFinished = (folder: string): ConfigError =>
	new ConfigError(
		'resume',
		'the folder of an unfinished run',
		`${folder}, which has finished`,
		`${folder} has finished: there is nothing to resume; ${longerAdvice(folder)}`,
	);
