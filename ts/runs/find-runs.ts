import {readFileSync} from 'node:fs';
import path from 'node:path';
import type {Data} from '../data/data.js';
import {RecordError} from '../errors/index.js';
import {differences} from '../experiment/difference.js';
import {listFolder} from '../fs/list-folder.js';
import type {Step} from '../step/define-step.js';
import {tryReadConfig} from './config.js';
import {isFinished} from './is-finished.js';
import {fileHash} from './run-hashes.js';

/** The runs to find: seeds of a step on whole data. */
export type WantedRuns = {
	readonly step: Step;
	readonly data: Data;
	readonly seeds: readonly number[];
	readonly engine: string | undefined;
	/** As in `RunConfig`. */
	readonly purpose: string;
};

/**
 * Finds runs with exactly these settings, and reads each run of a folder once.
 *
 * @returns by seed the folder of a finished run; else of the last unfinished one, if any
 * @throws {RecordError} if the `config.json` of a finished run has changed: the seed would silently be trained again
 */
export const findRuns = (
	parent: string,
	{step, data, seeds, engine = 'auto', purpose}: WantedRuns,
): Map<number, string> => {
	const found = new Map<number, string>();
	const wanted = new Set(seeds);
	for (const folder of listFolder(parent).map(name => path.join(parent, name))) {
		const run = tryReadConfig(folder);
		if (!run) {
			if (isFinished(folder) && !hasItsConfig(folder)) {
				throw new RecordError(
					path.join(folder, 'config.json'),
					'it is not what the run wrote; remove the run’s folder, or train again with `--fresh`',
				);
			}

			continue;
		}

		const {limitTrain, limitTest, holdout} = run.options;
		const isWhole = [limitTrain, limitTest, holdout].every(value => value === undefined);
		const isOnSameData = isWhole && run.data.hash === data.hash && run.data.validation === data.validation;
		const hasSameUse = (run.options.engine ?? 'auto') === engine && run.purpose === purpose;
		const hasSameSettings = isOnSameData && hasSameUse && differences(run.experiment, step.experiment).length === 0;
		const known = found.get(run.seed);
		if (wanted.has(run.seed) && hasSameSettings && !(known !== undefined && isFinished(known))) {
			found.set(run.seed, folder);
		}
	}

	return found;
};

/** Returns whether the `config.json` of a finished run is as it was written. */
const hasItsConfig = (folder: string): boolean => {
	try {
		const {hashes} = JSON.parse(readFileSync(path.join(folder, 'result.json'), 'utf8'));
		return hashes['config.json'] === fileHash(folder, 'config.json');
	} catch {
		return false;
	}
};
