import {formatSetting} from '../format/value.js';
import {canonicalJson} from '../fs/hash.js';
import {type Explained, explainedVariance, type Group, spreadOfGroups} from '../statistics/explained.js';
import {groupBy} from '../statistics/group-by.js';
import {paretoFront} from '../statistics/pareto.js';
import {objectives} from './objective.js';
import type {SweepResult} from './result.js';
import {epochsOfRuns} from './sweep-record.js';

/** A trial with the value by which it is compared with all others. */
export type ComparedTrial = {
	/** Index of the trial; 0 for the unchanged step. */
	readonly index: number;
	readonly parameters: number;
	/** Mean over the seeds of the search: after the first rung of a sweep with halving, else at the end. */
	readonly value: number;
};

/** A varied setting against the objective, over all trials that have it. */
export type SettingEffect = {
	readonly path: string;
	/** The share of the objective's variance that the setting explains by itself; `undefined` where it can't be estimated. */
	readonly explained: Explained | undefined;
	/** Its values, or parts of its range with as many trials each, with the mean of the objective. */
	readonly groups: readonly Group[];
	/** The trials: the setting's value, and the objective's. */
	readonly points: ReadonlyArray<{readonly setting: unknown; readonly value: number}>;
	/** The range that was drawn from; `undefined` for a list of values. */
	readonly range: {readonly low: number; readonly high: number; readonly log: boolean} | undefined;
};

/** The fewest trials for which settings are compared. */
const fewest = 8;

/** The most values of a range that are groups of their own, and the most parts of one that has more. */
const [mostValues, mostParts] = [8, 5];

/** Returns the trials of a sweep that can be compared with each other; none that diverged. */
export const comparedTrials = ({record, search, base, trials}: SweepResult): ComparedTrial[] => {
	const {seeds, holdout, objective = 'accuracy'} = record.plan;
	const {sign, of, soFar} = objectives[objective];
	const [first] = search.rungs ?? [];
	const rowsOf = epochsOfRuns(record.epochs);
	const diverged = new Set(
		record.runs.filter(({diverged}) => diverged !== null).map(({trial, seed}) => `${trial} ${seed}`),
	);
	return [base, ...trials].flatMap(({parameters}, index) => {
		const values = seeds.map(seed => {
			const rows = rowsOf(index, seed);
			const isOut = rows.length === 0 || (first === undefined && diverged.has(`${index} ${seed}`));
			return isOut ? Number.NaN : first === undefined ? of(rows, holdout) : sign * soFar(rows.slice(0, first), holdout);
		});
		const value = values.reduce((sum, value) => sum + value, 0) / values.length;
		return Number.isNaN(value) ? [] : [{index, parameters, value}];
	});
};

/** Returns how each varied setting bears on the objective; none in a sweep of few trials. The largest share comes first. */
export const settingEffects = (found: SweepResult): SettingEffect[] => {
	const compared = comparedTrials(found).filter(({index}) => index > 0);
	if (compared.length < fewest) {
		return [];
	}

	const {vary} = found.record.plan;
	const effects = vary.map(({path, range}): SettingEffect => {
		const points = compared.flatMap(({index, value}) => {
			const setting = found.trials[index - 1]?.settings.find(setting => setting.path === path);
			return setting ? [{setting: setting.label ?? setting.value, value}] : [];
		});
		const groups = range ? partsOfRange(points) : byValue(points);
		return {
			...{path, range, points, groups: spreadOfGroups(groups)},
			explained: explainedVariance(groups.map(({values}) => values)),
		};
	});
	return effects
		.filter(({groups}) => groups.length > 1)
		.toSorted((a, b) => (b.explained?.share ?? 0) - (a.explained?.share ?? 0));
};

type Points = SettingEffect['points'];
type Values = Array<{label: string; values: number[]}>;

const byValue = (points: Points): Values =>
	[...groupBy(points, ({setting}) => canonicalJson(setting)).values()].map(group => {
		const setting = group[0]?.setting;
		const label = typeof setting === 'string' ? setting : setting === null ? 'none' : formatSetting(setting);
		return {label, values: group.map(({value}) => value)};
	});

/** Groups numbers: by value if there are few of them, else in parts of the range with about as many trials each. */
const partsOfRange = (points: Points): Values => {
	const sorted = points.toSorted((a, b) => Number(a.setting) - Number(b.setting));
	const values = byValue(sorted);
	if (values.length <= mostValues) {
		return values;
	}

	const count = Math.max(2, Math.min(mostParts, Math.floor(sorted.length / 4)));
	const parts: Array<Values> = [[]];
	let before = 0; // trials before this value: equal values stay together
	for (const value of values) {
		if (before >= (parts.length * sorted.length) / count) {
			parts.push([]);
		}

		parts.at(-1)?.push(value);
		before += value.values.length;
	}

	return parts.map(part => ({
		label: `${part[0]?.label} to ${part.at(-1)?.label}`,
		values: part.flatMap(({values}) => values),
	}));
};

/** Returns the trials that were trained to their end, with the objective on the seeds of the search. */
export const wholeTrials = ({base, trials}: SweepResult): ComparedTrial[] =>
	[base, ...trials].flatMap(({objective, diverged, parameters}, index) =>
		objective && diverged.length === 0 ? [{index, parameters, value: objective.mean}] : [],
	);

/** Returns those of the whole trials that no other beats with fewer parameters, the smallest first; none if all have as many. */
export const sizeFront = (found: SweepResult): ComparedTrial[] => {
	const whole = wholeTrials(found);
	const sign = found.lowerIsBetter ? -1 : 1;
	const front = paretoFront(whole.map(({parameters, value}) => ({cost: parameters, value: sign * value})));
	const isOneSize = new Set(whole.map(({parameters}) => parameters)).size < 2;
	return isOneSize ? [] : front.flatMap(position => whole[position] ?? []);
};
