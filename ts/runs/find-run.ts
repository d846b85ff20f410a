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

/** The run to find: a seed of a step on whole data. */
export type WantedRun = {
	readonly step: Step;
	readonly data: Data;
	readonly seed: number;
	readonly engine: string | undefined;
	/** As in `RunConfig`. */
	readonly purpose: string;
};

/**
 * Returns the folder of a finished run with exactly these settings; else of the last unfinished one, if any.
 *
 * @throws {RecordError} if the `config.json` of a finished run has changed: the seed would silently be trained again
 */
export const findRun = (
	parent: string,
	{step, data, seed, engine = 'auto', purpose}: WantedRun,
): string | undefined => {
	const folders = listFolder(parent).map(name => path.join(parent, name));
	const fitting = folders.filter(folder => {
		const run = tryReadConfig(folder);
		if (!run) {
			if (isFinished(folder) && !hasItsConfig(folder)) {
				throw new RecordError(
					path.join(folder, 'config.json'),
					'it is not what the run wrote; remove the run’s folder, or train again with `--fresh`',
				);
			}

			return false;
		}

		const {limitTrain, limitTest, holdout} = run.options;
		const isWhole = [limitTrain, limitTest, holdout].every(value => value === undefined);
		const isOnSameData = isWhole && run.data.hash === data.hash && run.data.validation === data.validation;
		const hasSameUse = (run.options.engine ?? 'auto') === engine && run.purpose === purpose;
		return run.seed === seed && isOnSameData && hasSameUse && differences(run.experiment, step.experiment).length === 0;
	});
	return fitting.find(folder => isFinished(folder)) ?? fitting.at(-1);
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
