import {onMistakes} from '../claims/evidence.js';
import type {Measured} from '../claims/measured.js';
import type {MeasuredClass} from '../claims/measured-predictions.js';
import type {MeasuredRecord, SeedsMeasured} from '../claims/measured-record.js';
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
	/** Common seeds. */
	readonly seeds: readonly number[];
	/** The measure whose p-value is not corrected for the other measures. */
	readonly primary: Measure;
	readonly measures: readonly ComparedMeasure[];
	/** Recall, precision and F1 by class, after the last epoch; empty if one has no measures by class. They are not tested. */
	readonly classes: readonly ComparedClass[];
	/** McNemar's test on the test images, for each common seed whose test labels are available. */
	readonly images: ReadonlyArray<McNemar & {readonly seed: number}>;
};

/** A class of both. */
export type ComparedClass = {readonly class: string; readonly count: number} & Readonly<
	Record<ClassFigure, ComparedFigure>
>;

type ClassFigure = 'precision' | 'recall' | 'f1';

/** Means over common seeds, and the mean difference with its 95 % interval, which a single seed does not have. */
export type ComparedFigure = Pick<ComparedMeasure, 'a' | 'b' | 'difference' | 'low' | 'high'>;

/** A measure of both. */
export type ComparedMeasure = {
	readonly measure: Measure;
	/** Means over common seeds. */
	readonly a: number;
	readonly b: number;
	/** Mean difference over common seeds. */
	readonly difference: number;
	/** 95 % confidence interval of the difference; `undefined` for a single seed. */
	readonly low: number | undefined;
	readonly high: number | undefined;
	readonly pValue: number | undefined;
	/**
	 * `pValue` corrected by Holm: of the primary measure for the number of comparisons, of the others for the number of
	 * their tests in all comparisons.
	 */
	readonly corrected: number | undefined;
	/** Whether `corrected` is below 5 %. */
	readonly significant: boolean;
	/**
	 * Number of seeds with which a difference this large would be significant with a power of 0.8; `undefined` if it is
	 * significant already, or has no estimate of its deviation.
	 */
	readonly seedsNeeded: number | undefined;
};

/**
 * Compares the records of two steps by paired tests, over seeds and over images.
 *
 * @throws {ConfigError} for an unknown step
 * @throws {RecordError} if a step has no record, or the two were recorded on different data
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

/** One side of a comparison: measures and mistakes by seed. */
export type Compared = SeedsMeasured & {
	readonly name: string;
	/** Mistakes of each seed whose test labels are available. */
	readonly answers: ReadonlyArray<Pick<RecordedAnswers, 'seed' | 'mistakes'>>;
};

/** Converts a record to one side of a comparison. */
export const comparedRecord = (recorded: MeasuredRecord): Compared => ({...recorded, answers: recorded.record.answers});

/** Compares two by paired tests over their common seeds, of which there is at least one. */
export const comparison = (a: Compared, b: Compared, primary: Measure = 'test'): Comparison => {
	const [only] = comparisons([[a, b]], primary);
	return only as Comparison;
};

/**
 * Makes several comparisons and corrects their p-values together: those of the primary measure for the number of
 * comparisons, all others for the number of their tests.
 */
export const comparisons = (
	pairs: ReadonlyArray<readonly [a: Compared, b: Compared]>,
	primaryOnDisk: Measure = 'test',
): Comparison[] => {
	const primary = currentMeasure(primaryOnDisk);
	const found = pairs.flatMap(([a, b], pair) =>
		(Object.keys(measures) as Measure[]).flatMap(measure => {
			const [ofA, ofB] = [a[measure], b[measure]];
			return ofA && ofB ? [{...{pair, measure, a: ofA, b: ofB}, ...pairedDifference(ofA.bySeed, ofB.bySeed)}] : []; // a record that is older than the measure
		}),
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
					const means = {measure, a: meanOver(row.a, seeds), b: meanOver(row.b, seeds), difference: mean};
					if (seeds.length < 2) {
						const untested = {low: undefined, high: undefined, pValue: undefined, corrected: undefined};
						return {...means, ...untested, significant: false, seedsNeeded: undefined};
					}

					const p = corrected.get(row) ?? pValue;
					const significant = p < 0.05;
					const needed = significant || !Number.isFinite(seedsNeeded) ? undefined : seedsNeeded;
					return {...means, low, high, pValue, corrected: p, significant, seedsNeeded: needed};
				}),
			classes: comparedClasses(a, b, seeds),
			images: seeds.flatMap(seed => {
				const [ofA, ofB] = [a, b].map(({answers}) => answers.find(answers => answers.seed === seed));
				return ofA && ofB ? [{seed, ...onMistakes(ofA.mistakes, ofB.mistakes)}] : [];
			}),
		};
	});
};

const comparedClasses = (a: Compared, b: Compared, seeds: readonly number[]): ComparedClass[] =>
	(a.perClass ?? []).flatMap(ofA => {
		const ofB = b.perClass?.find(other => other.class === ofA.class);
		return ofB ? [{class: ofA.class, count: ofA.count, ...comparedFigures(ofA, ofB, seeds)}] : [];
	});

const comparedFigures = (
	a: MeasuredClass,
	b: MeasuredClass,
	seeds: readonly number[],
): Record<ClassFigure, ComparedFigure> => {
	const compared = (figure: ClassFigure): ComparedFigure => {
		const {mean: difference, low, high} = pairedDifference(a[figure].bySeed, b[figure].bySeed).difference;
		const means = {a: meanOver(a[figure], seeds), b: meanOver(b[figure], seeds), difference};
		return seeds.length > 1 ? {...means, low, high} : {...means, low: undefined, high: undefined};
	};

	return {precision: compared('precision'), recall: compared('recall'), f1: compared('f1')};
};

const meanOver = ({bySeed}: Measured, seeds: readonly number[]): number =>
	spread(seeds.map(seed => bySeed.get(seed) ?? 0)).mean;

/** Returns the table of a comparison by class: recall and F1 of both, and the differences. */
export const comparedClassTable = ({a, b, classes}: Pick<Comparison, 'a' | 'b' | 'classes'>) => {
	const [shortA, shortB] = shortNames({a, b});
	const head = ['recall', 'F1'].flatMap(name => [
		...[`${shortA}: ${name} %`, `${shortB}: ${name} %`, `${name}: difference`, `${name}: 95 % interval`],
	]);
	return {
		head: ['Class', 'Images', ...head],
		body: classes.map(({class: name, count, recall, f1}) => [
			...[name, count.toLocaleString('en')],
			...[recall, f1].flatMap(figure => [percent(figure.a), percent(figure.b), ...differenceCells(figure)]),
		]),
	};
};

/** Returns the seeds that both have. */
export const commonSeeds = (a: Compared, b: Compared): number[] => a.seeds.filter(seed => b.seeds.includes(seed));

/** Formats both means in percent. Accuracies are rounded down, so that none looks better than it is. */
export const meanCells = ({measure, a, b}: ComparedMeasure): readonly [string, string] => {
	const cell = (value: number): string =>
		measure === 'gap' || measure === 'range' || measure === 'calibrationError' ? fixed(100 * value, 2) : percent(value);
	return [cell(a), cell(b)];
};

/** Formats a difference and its interval in points; `-` as the interval of a single seed. */
export const differenceCells = ({
	difference: mean,
	low,
	high,
}: Pick<ComparedMeasure, 'difference' | 'low' | 'high'>): readonly [string, string] => {
	if (low === undefined || high === undefined) {
		return [fixed(100 * mean, 2), '-'];
	}

	const rounded = roundInterval({mean, low, high});
	return [rounded.mean, `${rounded.low} to ${rounded.high}`];
};

/** Columns that a narrow screen leaves out, in this order. */
const spare = ['p', 'corrected', 'Seeds needed', 'Significant', '95 % interval'];

/** Formats comparisons for the terminal, with one legend below them. */
export const comparisonsText = (
	all: ReadonlyArray<Comparison & {readonly differs: string}>,
	screen: Screen = plain,
): string => {
	const tested = testedOf(all);
	const first = measures[all[0]?.primary ?? 'test'];
	const legend = [
		tested > 1
			? `Significant: whether the corrected p is below 0.05. The primary measure is ${first}: its p is corrected for ${tested} ` +
				'comparisons, the others for their number in all of these (Holm). “no” means inconclusive, not equal.'
			: `Significant: whether the corrected p is below 0.05. The primary measure is ${first}: its p is not corrected; the ` +
				'others are, for their number (Holm). “no” means inconclusive, not equal.',
		'Seeds needed: the number with which a difference this large would be significant in four of five experiments.',
	].join('\n');
	return [
		...all.flatMap(comparison => [comparisonText(comparison, screen), '']),
		screen.secondary(wrap(legend, screen.width)),
	].join('\n');
};

const comparisonText = (comparison: Comparison & {readonly differs: string}, screen: Screen): string => {
	const {seeds, measures: found, images} = comparison;
	const [a, b] = shortNames(comparison);
	const rows = found.map(row => [
		measures[row.measure],
		...[...meanCells(row), ...differenceCells(row)],
		...[row.pValue, row.corrected].map(p => (p === undefined ? '-' : probability(p))),
		row.significant ? 'yes' : 'no',
		row.significant ? '' : (row.seedsNeeded ?? '-'),
	]);
	const columns = ['Difference', '95 % interval', 'p', 'corrected', 'Significant', 'Seeds needed'];
	const imageRows = images.map(({seed, onlyFirst, onlySecond, pValue}) => [
		...[seed, onlyFirst, onlySecond, probability(pValue)],
	]);
	return [
		...[
			`${comparison.a} minus ${comparison.b}, paired over ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}`,
			...(a === comparison.a ? [] : [`A: ${comparison.a}`, `B: ${comparison.b}`]),
			`From ${b} to ${a}: ${comparison.differs}`,
		].map(line => wrap(line, screen.width, '  ')),
		'',
		textTable(['Measure', `${a} %`, `${b} %`, ...columns], rows, {screen, spare}),
		...(comparison.classes.length > 0
			? ['', 'By class, after the last epoch:', '', classesText(comparison, screen)]
			: []),
		...(imageRows.length > 0
			? [
					'',
					wrap(
						'Test images that only one of the two gets right after the last epoch, with McNemar’s exact test:',
						screen.width,
					),
					'',
					textTable(['Seed', `only ${a}`, `only ${b}`, 'p'], imageRows, {screen}),
				]
			: []),
	].join('\n');
};

const classesText = (comparison: Comparison, screen: Screen): string => {
	const {head, body} = comparedClassTable(comparison);
	return textTable(head, body, {screen, spare: ['Images', ...head.slice(2, 6)]});
};

/**
 * Explains the column “significant” of a page.
 *
 * @param count number of comparisons that are corrected together
 */
export const significanceSentence = (primary: Measure, count = 1): string => {
	const corrected =
		count > 1
			? `corrected for ${count} comparisons, the others for their number in all of them`
			: 'not corrected, the others for their number';
	return `Significant: by paired tests at 5 %. The p of ${measures[primary]} is ${corrected} (Holm). “no” means inconclusive, not equal.`;
};

/** Counts the comparisons that have a test: a single seed has none. */
export const testedOf = (all: readonly Comparison[]): number => all.filter(({seeds}) => seeds.length > 1).length;

/** Returns names that fit above a column: `A` and `B` for long ones. */
export const shortNames = ({a, b}: Pick<Comparison, 'a' | 'b'>): readonly [string, string] =>
	Math.max(a.length, b.length) > 24 ? ['A', 'B'] : [a, b];
