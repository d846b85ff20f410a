import {settingsName} from '../experiment/settings.js';
import {formatSetting} from '../format/value.js';
import type {Trial} from './trials.js';

/** The longest name, in characters, that tables and charts have room for. */
const longest = 44;

/**
 * Returns a label for each trial of a sweep, the unchanged step first: its name where those of all trials are short. Else its number
 * with the settings that differ, each by the end of its path, cut off where it is too long: the number tells trials apart.
 */
export const labelsOf = (trials: readonly Trial[]): string[] => {
	const names = trials.map(trial => settingsName(trial));
	if (names.every(name => name.length <= longest)) {
		return names;
	}

	const unchanged = trials[0]?.experiment;
	const paths = [...new Set(trials.flatMap(({settings}) => settings.map(({path}) => path)))];
	const ends = new Map(paths.map(path => [path, shortestEnd(path, paths)]));
	return trials.map(({settings}, index) => {
		const changed = settings.filter(
			({path, value}) => formatSetting(value ?? undefined) !== formatSetting(valueAt(unchanged, path)),
		);
		const parts = changed.map(setting => settingsName({settings: [{...setting, path: ends.get(setting.path) ?? ''}]}));
		return index === 0 ? 'unchanged' : cut(`#${index} ${parts.join(', ')}`);
	});
};

/** Returns the value at a path; `undefined` if there is none. */
const valueAt = (whole: unknown, path: string): unknown =>
	path
		.split('.')
		.reduce<unknown>((inner, key) => (inner as Readonly<Record<string, unknown>> | undefined)?.[key], whole);

/** Returns the end of a path that no other path has: `2.channels`. */
const shortestEnd = (path: string, paths: readonly string[]): string => {
	const parts = path.split('.');
	const count = parts.findIndex((_, index) => {
		const end = parts.slice(-index - 1).join('.');
		return paths.filter(other => other === end || other.endsWith(`.${end}`)).length === 1;
	});
	return parts.slice(-count - 1).join('.');
};

const cut = (text: string): string => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text);
