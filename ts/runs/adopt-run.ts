import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {sha256} from '../fs/hash.js';
import {writeFileAtomic} from '../fs/write-file-atomic.js';
import {currentCondition} from '../native/condition.js';
import {readConfig} from './config.js';
import {checkpointIn, lockFolder, removeLeftovers, writeIn} from './folder.js';
import {isFinished} from './is-finished.js';
import {RunFolder, runFiles} from './run-folder.js';

/**
 * Opens the folder of a run that a process on another machine has created. If the run has not begun, its `config.json` gets this
 * machine and this time: a run says where it was trained.
 *
 * @throws {ConfigError} if it is not a run's
 * @throws {LockError} if another process writes there
 * @throws {WriteError}
 */
export const adoptRun = async (folder: string, signal?: AbortSignal): Promise<RunFolder> => {
	readConfig(folder);
	const lock = await lockFolder(folder, signal);
	try {
		return writeIn(folder, () => {
			removeLeftovers(folder, runFiles);
			const file = path.join(folder, 'config.json');
			if (!existsSync(checkpointIn(folder)) && !isFinished(folder)) {
				writeFileAtomic(file, withOwnCondition(readFileSync(file, 'utf8')));
			}

			return new RunFolder(folder, lock, readFileSync(file, 'utf8'));
		});
	} catch (error) {
		lock.release();
		throw error;
	}
};

/** Returns the text of a `config.json` with the machine and the versions of this process, and with its time. */
const withOwnCondition = (text: string): string => {
	const {hash: _, ...config} = JSON.parse(text);
	const own = {...config, begun: new Date().toISOString(), ...currentCondition(config.options)};
	return `${JSON.stringify({...own, hash: sha256(JSON.stringify(own))}, undefined, '\t')}\n`;
};
