import {formatSetting} from '../format/value.js';
import {isPlainObject} from '../validation/plain-object.js';
import {asExperiment, type Experiment} from './experiment.js';
import {merge} from './merge.js';

/** A setting of a trial; `null` if the trial removes it. */
export type TriedSetting = {readonly path: string; readonly value: unknown};

/**
 * Returns an experiment with other settings.
 *
 * @throws {ConfigError} for an unknown setting, and a value of another type
 */
export const withSettings = (experiment: Experiment, settings: readonly TriedSetting[]): Experiment =>
	asExperiment(settings.reduce<unknown>((whole, {path, value}) => merge(whole, change(path, value)), experiment));

/** Returns a change of one setting, at any depth. */
const change = (path: string, value: unknown): unknown =>
	path.split('.').reduceRight<unknown>((inner, key) => Object.fromEntries([[key, inner]]), value ?? undefined);

/** Formats a trial's settings: `schedule.maxLearningRate 0.05`. */
export const settingsName = ({settings}: {readonly settings: readonly TriedSetting[]}): string =>
	settings.length === 0 ? 'unchanged' : settings.map(({path, value}) => `${path} ${formatShort(value)}`).join(', ');

const formatShort = (value: unknown): string =>
	value === null
		? 'none'
		: isPlainObject(value)
			? `(${Object.entries(value)
					.map(([key, part]) => `${key} ${formatShort(part)}`)
					.join(', ')})`
			: typeof value === 'string'
				? value
				: formatSetting(value);
