import type {Experiment} from '../experiment/experiment.js';
import {isPlainObject} from '../validation/plain-object.js';

/** Settings by their paths, as `--set` spells them: `schedule.maxLearningRate`. */
export type Hparams = Readonly<Record<string, number | string | boolean>>;

/** Returns the settings of an experiment by their paths; an item of a list has its index in the path. */
export const hparamsOf = (experiment: Experiment): Hparams => Object.fromEntries(settingsIn(experiment, ''));

const settingsIn = (value: unknown, path: string): ReadonlyArray<readonly [string, number | string | boolean]> => {
	if (Array.isArray(value) || isPlainObject(value)) {
		return Object.entries(value).flatMap(([key, part]) => settingsIn(part, path === '' ? key : `${path}.${key}`));
	}

	return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? [[path, value]] : [];
};
