import {RecordError} from '../errors/index.js';
import type {Ladder} from '../ladder/open-ladder.js';
import {LadderRecords} from '../record/ladder-records.js';
import {holm} from '../statistics/holm.js';
import type {McNemar} from '../statistics/mcnemar.js';
import {pairedDifference} from '../statistics/paired.js';
import {spread} from '../statistics/spread.js';
import {onImages} from '../terms/evidence.js';
import {type Measure, measures} from '../terms/measures.js';
import type {Measured, Recorded} from '../terms/recorded.js';
import {percent} from '../text/percent.js';
import {fixed, probability, roundedAlike} from '../text/points.js';
import {textTable} from '../text/text-table.js';

/** Two recorded steps side by side. Differences are `a - b`, as fractions. */
export type Comparison = {
	readonly a: string;
	readonly b: string;
	/** Seeds that both have. */
	readonly seeds: readonly number[];
	/** The measure that is tested by itself. */
	readonly primary: Measure;
	readonly measures: readonly ComparedMeasure[];
	/** McNemar's test on the test images, for each seed that both have. */
	readonly images: ReadonlyArray<McNemar & {readonly seed: number}>;
};

/** A measure of two steps. */
export type ComparedMeasure = {
	readonly measure: Measure;
	/** Means over common seeds, as the difference is. */
	readonly a: number;
	readonly b: number;
	/** Mean difference over common seeds. */
	readonly difference: number;
	/** Its 95 % interval, without bounds for a single seed. */
	readonly low: number | undefined;
	readonly high: number | undefined;
	readonly pValue: number | undefined;
	/** This, corrected by Holm for the number of measures beside the primary one, which stands by itself. */
	readonly corrected: number | undefined;
	/** Whether `corrected` is below 5 %. */
	readonly told: boolean;
	/**
	 * Seeds that it would take to tell a difference as large as the one found in four of five tries; nothing where it is
	 * told already, or can't be judged.
	 */
	readonly seedsNeeded: number | undefined;
};

/**
 * Compares the records of two steps by paired tests, over seeds and over images.
 *
 * @throws {ConfigError} for a step that is not there
 * @throws {RecordError} for one that has not been recorded, and for two that were recorded on different data
 */
export const compare = (ladder: Ladder, a: string, b: string): Comparison => {
	const records = new LadderRecords(ladder);
	const [first, second] = [records.of(ladder.place(a)), records.of(ladder.place(b))];
	if (first.record.data.hash !== second.record.data.hash) {
		throw new RecordError(
			ladder.place(a).record,
			`it is of other data than the record of \`${b}\`, so that the two can't be compared: record both on the same`,
		);
	}

	return comparison(first, second, ladder.step(a).target.primary);
};

/** Compares two records by paired tests over the seeds that both have. */
export const comparison = (a: Recorded, b: Recorded, primary: Measure = 'test'): Comparison => {
	const seeds = a.seeds.filter(seed => b.seeds.includes(seed));
	const found = (Object.keys(measures) as Measure[]).map(measure => ({
		measure,
		...pairedDifference(a[measure].bySeed, b[measure].bySeed),
	}));
	const others = found.filter(({measure}) => measure !== primary);
	const corrected = new Map(holm(others.map(({pValue}) => pValue)).map((p, index) => [others[index]?.measure, p]));
	return {
		...{a: a.name, b: b.name, seeds, primary},
		measures: found.map(({measure, difference: {mean, low, high}, pValue, seedsNeeded}) => {
			const over = ({bySeed}: Measured): number => spread(seeds.map(seed => bySeed.get(seed) ?? 0)).mean;
			const means = {measure, a: over(a[measure]), b: over(b[measure]), difference: mean};
			if (seeds.length < 2) {
				const nothing = {low: undefined, high: undefined, pValue: undefined, corrected: undefined};
				return {...means, ...nothing, told: false, seedsNeeded: undefined};
			}

			const p = corrected.get(measure) ?? pValue;
			const told = p < 0.05;
			const needed = told || !Number.isFinite(seedsNeeded) ? undefined : seedsNeeded;
			return {...means, low, high, pValue, corrected: p, told, seedsNeeded: needed};
		}),
		images: seeds.map(seed => ({seed, ...onImages(a, b, seed)})),
	};
};

/** Both columns, in percent. Accuracies are rounded as everywhere: down, so that none looks better than it is. */
export const meanCells = ({measure, a, b}: ComparedMeasure): readonly [string, string] => {
	const cell = (value: number): string =>
		measure === 'gap' || measure === 'unrest' ? fixed(100 * value, 2) : percent(value);
	return [cell(a), cell(b)];
};

/** A difference and its interval, in points; no interval for a single seed. */
export const differenceCells = ({difference: mean, low, high}: ComparedMeasure): readonly [string, string] => {
	if (low === undefined || high === undefined) {
		return [fixed(100 * mean, 2), '-'];
	}

	const rounded = roundedAlike({mean, low, high});
	return [rounded.mean, `${rounded.low} to ${rounded.high}`];
};

/** A comparison for the terminal. */
export const comparisonText = ({a, b, seeds, primary, measures: compared, images}: Comparison): string => {
	const rows = compared.map(row => [
		measures[row.measure],
		...[...meanCells(row), ...differenceCells(row)],
		...[row.pValue, row.corrected].map(p => (p === undefined ? '-' : probability(p))),
		row.told ? 'yes' : 'no',
		row.told ? '' : (row.seedsNeeded ?? '-'),
	]);
	const head = [
		'Measure',
		`${a} %`,
		`${b} %`,
		'Difference',
		'95 % interval',
		'p',
		'corrected',
		'Told',
		'Seeds to tell',
	];
	const counted = images.map(({seed, onlyFirst, onlySecond, pValue}) => [
		...[seed, onlyFirst, onlySecond, probability(pValue)],
	]);
	return [
		`${a} less ${b}, paired over ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}`,
		'',
		textTable(head, rows),
		'',
		`Told: whether the corrected p is below 0.05. Of ${a}, ${measures[primary]} is what counts first, and its p stands as it`,
		'is; the others are corrected for their number (Holm). No is not “the same”: with these seeds it can’t be told.',
		'Seeds to tell: so many would tell a difference as large as the one found in four of five tries.',
		'',
		'Test images that only one of the two gets right after the last epoch, with McNemar’s exact test:',
		'',
		textTable(['Seed', `only ${a}`, `only ${b}`, 'p'], counted),
	].join('\n');
};
