import {RecordError} from '../errors/index.js';
import type {Ladder} from '../ladder/open-ladder.js';
import {LadderRecords} from '../record/ladder-records.js';
import type {McNemar} from '../statistics/mcnemar.js';
import {pairedDifference} from '../statistics/paired.js';
import {onImages} from '../terms/evidence.js';
import {type Measure, measures, type Recorded} from '../terms/recorded.js';
import {interval, probability} from '../text/points.js';
import {textTable} from '../text/text-table.js';

/** Two recorded steps side by side. Differences are `a - b`, as fractions. */
export type Comparison = {
	readonly a: string;
	readonly b: string;
	/** Seeds that both have. */
	readonly seeds: readonly number[];
	readonly measures: readonly ComparedMeasure[];
	/** McNemar's test on the test images, for each seed that both have. */
	readonly images: ReadonlyArray<McNemar & {readonly seed: number}>;
};

/** A measure of two steps. */
export type ComparedMeasure = {
	readonly measure: Measure;
	/** Means over the seeds of each. */
	readonly a: number;
	readonly b: number;
	/** Mean difference over common seeds. */
	readonly difference: number;
	/** Its 95 % interval, without bounds for a single seed. */
	readonly low: number | undefined;
	readonly high: number | undefined;
	readonly pValue: number | undefined;
	readonly told: boolean;
	/** Seeds that it would take to tell such a difference in four of five tries; nothing where there are too few to say. */
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

	return comparison(first, second);
};

/** Compares two records by paired tests over the seeds that both have. */
export const comparison = (a: Recorded, b: Recorded): Comparison => {
	const seeds = a.seeds.filter(seed => b.seeds.includes(seed));
	return {
		...{a: a.name, b: b.name, seeds},
		measures: (Object.keys(measures) as Measure[]).map(measure => {
			const {difference: found, pValue, told, seedsNeeded} = pairedDifference(a[measure].bySeed, b[measure].bySeed);
			const several = found.values.length > 1;
			return {
				...{measure, a: a[measure].mean, b: b[measure].mean, difference: found.mean},
				...{low: several ? found.low : undefined, high: several ? found.high : undefined, told},
				pValue: several ? pValue : undefined,
				seedsNeeded: Number.isFinite(seedsNeeded) ? seedsNeeded : undefined,
			};
		}),
		images: seeds.map(seed => ({seed, ...onImages(a, b, seed)})),
	};
};

/** A comparison for the terminal. */
export const comparisonText = ({a, b, seeds, measures: compared, images}: Comparison): string => {
	const rows = compared.map(({measure, difference: mean, low = 0, high = 0, pValue, told, seedsNeeded, ...means}) => [
		measures[measure],
		percentage(means.a),
		percentage(means.b),
		(100 * mean).toFixed(3),
		pValue === undefined ? '-' : interval({low, high}),
		pValue === undefined ? '-' : probability(pValue),
		told ? 'yes' : 'no',
		seedsNeeded ?? '-',
	]);
	const head = ['Measure', `${a} %`, `${b} %`, 'Difference', '95 % interval', 'p', 'Told', 'Seeds needed'];
	const counted = images.map(({seed, onlyFirst, onlySecond, pValue}) => [
		...[seed, onlyFirst, onlySecond, probability(pValue)],
	]);
	return [
		`${a} less ${b}, paired over ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}`,
		'',
		textTable(head, rows),
		'',
		'Told: whether zero lies outside the interval. Seeds needed: to tell such a difference in four of five tries.',
		'',
		'Test images that only one of the two gets right after the last epoch, with McNemar’s exact test:',
		'',
		textTable(['Seed', `only ${a}`, `only ${b}`, 'p'], counted),
	].join('\n');
};

const percentage = (fraction: number): string => (100 * fraction).toFixed(3);
