import {ConfigError} from '../errors/index.js';
import {formatSetting} from '../format/value.js';
import {isPlainObject, ownProperty} from '../validation/plain-object.js';
import {asExperiment, type Experiment} from './experiment.js';
import {isIndex, merge} from './merge.js';

/** A setting of a trial. */
export type TriedSetting = {
	readonly path: string;
	/** Its value; `null` if the trial removes it. */
	readonly value: unknown;
	/** The name of the value, such as that of its file. A named value replaces the setting as a whole; others are merged. */
	readonly label?: string | undefined;
};

/**
 * Returns an experiment with other settings. An index in a path is one of the given experiment, whatever items are removed. Another
 * file of weights loses the hash of the one before.
 *
 * @throws {ConfigError} for an unknown setting, an index beyond a list, and a value of another type
 */
export const withSettings = (experiment: Experiment, settings: readonly TriedSetting[]): Experiment => {
	const isRemovedItem = ({path, value}: TriedSetting): boolean =>
		value === null && isIndex(path.slice(path.lastIndexOf('.') + 1));
	const removed = settings.filter(isRemovedItem);
	const changed = changeAll(experiment, [
		...replacedHashes(experiment, settings),
		...settings.filter(setting => !isRemovedItem(setting)),
	]);
	// Items go last, later ones first: their removal moves those behind them.
	const backwards = removed.toSorted((a, b) => b.path.localeCompare(a.path, 'en', {numeric: true}));
	return removed.length === 0 ? changed : changeAll(changed, backwards);
};

/** Returns the removal of each hash of a file of weights in whose place another file is set. */
const replacedHashes = ({start, loss}: Experiment, settings: readonly TriedSetting[]): TriedSetting[] =>
	Object.entries({start, 'loss.teacher': loss?.teacher})
		.filter(([part, file]) => file?.sha256 !== undefined && settings.some(({path}) => path === `${part}.from`))
		.map(([part]) => ({path: `${part}.sha256`, value: null}));

const changeAll = (experiment: Experiment, settings: readonly TriedSetting[]): Experiment =>
	asExperiment(settings.reduce<unknown>(changeOne, experiment));

const changeOne = (whole: unknown, {path, value, label}: TriedSetting): unknown => {
	checkIndices(whole, path);
	const base = label === undefined ? whole : merge(whole, changeAt(path, 0)); // no part of a number is merged
	return merge(base, changeAt(path, value ?? undefined));
};

/** Returns a change of one setting, at any depth. */
const changeAt = (path: string, value: unknown): unknown =>
	path.split('.').reduceRight<unknown>((inner, key) => Object.fromEntries([[key, inner]]), value);

/** @throws {ConfigError} for a name in the place of an index */
const checkIndices = (whole: unknown, path: string): void => {
	let current = whole;
	for (const [depth, key] of path.split('.').entries()) {
		if (Array.isArray(current) && !isIndex(key)) {
			const list = path.split('.').slice(0, depth).join('.');
			const expected = `an index in place of \`${key}\`, such as \`${list}.0\``;
			throw new ConfigError(path, expected, key, `\`${path}\`: \`${list}\` is a list: expected ${expected}`);
		}

		current = Array.isArray(current)
			? current[Number(key)]
			: isPlainObject(current)
				? ownProperty(current, key)
				: undefined;
	}
};

/** Formats a trial's settings: `schedule.maxLearningRate 0.05`. */
export const settingsName = ({settings}: {readonly settings: readonly TriedSetting[]}): string =>
	settings.length === 0
		? 'unchanged'
		: settings.map(({path, value, label}) => `${path} ${label ?? formatShort(value)}`).join(', ');

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
