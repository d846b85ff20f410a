import {readFileSync} from 'node:fs';
import path from 'node:path';
import type {Data} from '../data/data.js';
import {RecordError} from '../errors/index.js';
import {differences} from '../experiment/difference.js';
import {listFolder} from '../fs/list-folder.js';
import type {Step} from '../step/define-step.js';
import {fileHash, RunFolder} from './run-folder.js';

/** A run to look for: of a seed of a step on data, as they were told, made for a purpose. */
export type WantedRun = {
	readonly step: Step;
	readonly data: Data;
	readonly seed: number;
	readonly engine: string | undefined;
	/** What {@link RunFolder} keeps of why it was made. */
	readonly purpose: string;
};

/**
 * The furthest of a folder's runs that was told just that; nothing where there is none.
 *
 * @throws {RecordError} where a finished run no longer says what it was told: it would be trained again without a word
 */
export const findRun = (
	parent: string,
	{step, data, seed, engine = 'auto', purpose}: WantedRun,
): string | undefined => {
	const folders = listFolder(parent).map(name => path.join(parent, name));
	const fitting = folders.filter(folder => {
		const run = tryReadConfig(folder);
		if (!run) {
			if (RunFolder.isFinished(folder) && !hasItsConfig(folder)) {
				throw new RecordError(
					path.join(folder, 'config.json'),
					'it is not what the run wrote; remove the run’s folder, or train again with `--fresh`',
				);
			}

			return false;
		}

		const {limitTrain, limitTest, holdout} = run.options;
		const whole = [limitTrain, limitTest, holdout].every(value => value === undefined) && run.data.hash === data.hash;
		const same = (run.options.engine ?? 'auto') === engine && run.purpose === purpose;
		return run.seed === seed && whole && same && differences(run.experiment, step.experiment).length === 0;
	});
	return fitting.find(folder => RunFolder.isFinished(folder)) ?? fitting.at(-1);
};

/** What a folder's run was told; nothing where it can't be read, as when it is of an older version. */
export const tryReadConfig = (folder: string): ReturnType<typeof RunFolder.read> | undefined => {
	try {
		return RunFolder.read(folder);
	} catch {
		return undefined;
	}
};

/** Whether a finished run's `config.json` is the one that it wrote. */
const hasItsConfig = (folder: string): boolean => {
	try {
		const {hashes} = JSON.parse(readFileSync(path.join(folder, 'result.json'), 'utf8'));
		return hashes['config.json'] === fileHash(folder, 'config.json');
	} catch {
		return false;
	}
};
