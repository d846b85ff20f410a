import {onMistakes} from '../claims/evidence.js';
import type {Measured, MeasuredRecord, SeedsMeasured} from '../claims/measured-record.js';
import type {RecordedAnswers} from '../claims/step-record.js';
import {RecordError} from '../errors/index.js';
import {currentMeasure, type Measure, measures} from '../experiment/measures.js';
import {fixed, percent, probability, roundInterval} from '../format/figures.js';
import {plain, type Screen, textTable} from '../format/text-table.js';
import {wrap} from '../format/wrap.js';
import {checkLadder} from '../ladder/check-ladder.js';
import type {Ladder} from '../ladder/open-ladder.js';
import {LadderRecords} from '../record/ladder-records.js';
import {holm} from '../statistics/holm.js';
import type {McNemar} from '../statistics/mcnemar.js';
import {pairedDifference} from '../statistics/paired.js';
import {spread} from '../statistics/spread.js';

/** Two recorded steps, or two groups of runs, side by side. Differences are `a - b`, as fractions. */
export type Comparison = {
	readonly a: string;
	readonly b: string;
	/** Seeds that both have. */
	readonly seeds: readonly number[];
	/** The measure that is tested by itself. */
	readonly primary: Measure;
	readonly measures: readonly ComparedMeasure[];
	/** McNemar's test on the test images, for each seed that both have and whose test labels are there. */
	readonly images: ReadonlyArray<McNemar & {readonly seed: number}>;
};

/** A measure of the two. */
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
	/**
	 * This, corrected by Holm for the number of measures beside the primary one, which stands by itself. Where several are
	 * compared with one, for their number too, the primary measure for that alone.
	 */
	readonly corrected: number | undefined;
	/** Whether `corrected` is below 5 %. */
	readonly significant: boolean;
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
	checkLadder(ladder);
	const records = new LadderRecords(ladder);
	const [first, second] = [records.of(ladder.entry(a)), records.of(ladder.entry(b))];
	if (first.record.data.hash !== second.record.data.hash) {
		throw new RecordError(
			ladder.entry(a).record,
			`it was recorded on other data than \`${b}\`, so the two can’t be compared: record both on the same data`,
		);
	}

	return comparison(comparedRecord(first), comparedRecord(second), ladder.step(a).target.primary);
};

/** What is compared: the measures of seeds, and what each gets wrong. */
export type Compared = SeedsMeasured & {
	readonly name: string;
	/** None of a seed whose predictions can't be held against labels. */
	readonly answers: ReadonlyArray<Pick<RecordedAnswers, 'seed' | 'mistakes'>>;
};

/** A record, to be compared. */
export const comparedRecord = (recorded: MeasuredRecord): Compared => ({...recorded, answers: recorded.record.answers});

/** Compares two by paired tests over the seeds that both have: at least one. */
export const comparison = (a: Compared, b: Compared, primary: Measure = 'test'): Comparison => {
	const [only] = comparisons([[a, b]], primary);
	return only as Comparison;
};

/**
 * Several comparisons, corrected together: the primary measure for the number of comparisons, all others for theirs in
 * all comparisons.
 */
export const comparisons = (
	pairs: ReadonlyArray<readonly [a: Compared, b: Compared]>,
	primaryOnDisk: Measure = 'test',
): Comparison[] => {
	const primary = currentMeasure(primaryOnDisk);
	const found = pairs.flatMap(([a, b], pair) =>
		(Object.keys(measures) as Measure[]).map(measure => ({
			...{pair, measure},
			...pairedDifference(a[measure].bySeed, b[measure].bySeed),
		})),
	);
	const corrected = new Map<unknown, number>();
	for (const isPrimary of [true, false]) {
		const family = found.filter(({measure, pValue}) => (measure === primary) === isPrimary && !Number.isNaN(pValue));
		for (const [index, p] of holm(family.map(({pValue}) => pValue)).entries()) {
			corrected.set(family[index], p);
		}
	}

	return pairs.map(([a, b], pair) => {
		const seeds = commonSeeds(a, b);
		return {
			...{a: a.name, b: b.name, seeds, primary},
			measures: found
				.filter(row => row.pair === pair)
				.map(row => {
					const {measure, difference, pValue, seedsNeeded} = row;
					const {mean, low, high} = difference;
					const over = ({bySeed}: Measured): number => spread(seeds.map(seed => bySeed.get(seed) ?? 0)).mean;
					const means = {measure, a: over(a[measure]), b: over(b[measure]), difference: mean};
					if (seeds.length < 2) {
						const nothing = {low: undefined, high: undefined, pValue: undefined, corrected: undefined};
						return {...means, ...nothing, significant: false, seedsNeeded: undefined};
					}

					const p = corrected.get(row) ?? pValue;
					const significant = p < 0.05;
					const needed = significant || !Number.isFinite(seedsNeeded) ? undefined : seedsNeeded;
					return {...means, low, high, pValue, corrected: p, significant, seedsNeeded: needed};
				}),
			images: seeds.flatMap(seed => {
				const [ofA, ofB] = [a, b].map(({answers}) => answers.find(answers => answers.seed === seed));
				return ofA && ofB ? [{seed, ...onMistakes(ofA.mistakes, ofB.mistakes)}] : [];
			}),
		};
	});
};

/** Seeds that both have. */
export const commonSeeds = (a: Compared, b: Compared): number[] => a.seeds.filter(seed => b.seeds.includes(seed));

/** Both columns, in percent. Accuracies are rounded as everywhere: down, so that none looks better than it is. */
export const meanCells = ({measure, a, b}: ComparedMeasure): readonly [string, string] => {
	const cell = (value: number): string =>
		measure === 'gap' || measure === 'range' ? fixed(100 * value, 2) : percent(value);
	return [cell(a), cell(b)];
};

/** A difference and its interval, in points; no interval for a single seed. */
export const differenceCells = ({difference: mean, low, high}: ComparedMeasure): readonly [string, string] => {
	if (low === undefined || high === undefined) {
		return [fixed(100 * mean, 2), '-'];
	}

	const rounded = roundInterval({mean, low, high});
	return [rounded.mean, `${rounded.low} to ${rounded.high}`];
};

/** What the columns that stay say as well. */
const spare = ['p', 'corrected', 'Seeds to tell', 'Told', '95 % interval'];

/** Comparisons for the terminal; what the columns mean is said once, below them. */
export const comparisonsText = (
	all: ReadonlyArray<Comparison & {readonly differs: string}>,
	screen: Screen = plain,
): string => {
	const tested = testedOf(all);
	const first = measures[all[0]?.primary ?? 'test'];
	const legend = [
		tested > 1
			? `Told: whether the corrected p is below 0.05. The primary measure is ${first}: its p is corrected for ${tested} ` +
				'comparisons, the others for their number in all of these (Holm). No does not mean “the same”: these seeds don’t tell.'
			: `Told: whether the corrected p is below 0.05. The primary measure is ${first}: its p is not corrected; the ` +
				'others are, for their number (Holm). No does not mean “the same”: these seeds don’t tell.',
		'Seeds to tell: with how many seeds a difference of this size would be significant, in four of five tries.',
	].join('\n');
	return [
		...all.flatMap(comparison => [comparisonText(comparison, screen), '']),
		screen.secondary(wrap(legend, screen.width)),
	].join('\n');
};

const comparisonText = (compared: Comparison & {readonly differs: string}, screen: Screen): string => {
	const {seeds, measures: found, images} = compared;
	const [a, b] = shortNames(compared);
	const rows = found.map(row => [
		measures[row.measure],
		...[...meanCells(row), ...differenceCells(row)],
		...[row.pValue, row.corrected].map(p => (p === undefined ? '-' : probability(p))),
		row.significant ? 'yes' : 'no',
		row.significant ? '' : (row.seedsNeeded ?? '-'),
	]);
	const columns = ['Difference', '95 % interval', 'p', 'corrected', 'Told', 'Seeds to tell'];
	const counted = images.map(({seed, onlyFirst, onlySecond, pValue}) => [
		...[seed, onlyFirst, onlySecond, probability(pValue)],
	]);
	return [
		...[
			`${compared.a} less ${compared.b}, paired over ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}`,
			...(a === compared.a ? [] : [`A: ${compared.a}`, `B: ${compared.b}`]),
			`From ${b} to ${a}: ${compared.differs}`,
		].map(line => wrap(line, screen.width, '  ')),
		'',
		textTable(['Measure', `${a} %`, `${b} %`, ...columns], rows, {screen, spare}),
		...(counted.length > 0
			? [
					'',
					wrap(
						'Test images that only one of the two gets right after the last epoch, with McNemar’s exact test:',
						screen.width,
					),
					'',
					textTable(['Seed', `only ${a}`, `only ${b}`, 'p'], counted, {screen}),
				]
			: []),
	].join('\n');
};

/**
 * What “told apart” means on a page.
 *
 * @param count how many comparisons are corrected together
 */
export const significanceSentence = (primary: Measure, count = 1): string => {
	const corrected =
		count > 1
			? `that of ${measures[primary]} corrected for ${count} comparisons, the others for their number in all of them (Holm)`
			: `that of ${measures[primary]} by itself, the others together (Holm)`;
	return `Told apart: by paired tests at 5 %, ${corrected}. “No” does not mean the same: these seeds can’t tell.`;
};

/** Comparisons that are tested at all: a single seed tells nothing. */
export const testedOf = (all: readonly Comparison[]): number => all.filter(({seeds}) => seeds.length > 1).length;

/** Names that fit above a column: those of steps, and letters for longer ones. */
export const shortNames = ({a, b}: Pick<Comparison, 'a' | 'b'>): readonly [string, string] =>
	Math.max(a.length, b.length) > 24 ? ['A', 'B'] : [a, b];
