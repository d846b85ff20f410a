import {ConfigError} from '../errors/index.js';
import type {Measure} from '../experiment/measures.js';
import {summarize} from '../experiment/summarize.js';
import {estimate} from '../format/figures.js';
import {formatValue} from '../format/value.js';
import {type McNemar, mcnemar} from '../statistics/mcnemar.js';
import {type PairedDifference, pairedDifference} from '../statistics/paired.js';
import {twoSided, withinMargin} from '../statistics/student.js';
import {checkMeasuredRecord, type MeasuredRecord, measureOf} from './measured-record.js';
import type {TestFamily} from './multiple-testing.js';
import type {SweepSummary} from './sweep-summary.js';

/** The records that a target or an analysis may speak of. */
export type Evidence = {
	/** Of the step itself. */
	readonly self: AnalyzedRecord;
	/** Of the step that it grew from. */
	readonly from: AnalyzedRecord;
	/** Of any other step. */
	readonly step: (name: string) => AnalyzedRecord;
	/** What was tried on images kept aside, by the name of the sweep. */
	readonly sweep: (name: string) => SweepSummary;
};

/** What is known before a step is run: the records of the others. */
export type PriorEvidence = Omit<Evidence, 'self'>;

/** A sentence of an analysis, and when it is true. */
export type Claim = {
	/** Figures in it are filled in from the records. */
	readonly say: (evidence: Evidence) => string;
	readonly holds: (evidence: Evidence) => boolean;
};

/**
 * A sentence that a test keeps true.
 *
 * @example
 * ```ts
 * claim(
 * 	({self, from}) => `The gap widened by ${shift(self, from, 'gap')}.`,
 * 	({self, from}) => rose(self, from, 'gap'),
 * )
 * ```
 */
export const claim = (say: Claim['say'], holds: Claim['holds']): Claim => ({say, holds});

/** Records as the claims of one analysis see them: what they test is corrected together. */
export type AnalyzedRecord = MeasuredRecord & {readonly examination?: TestContext | undefined};

/** What the tests of an analysis have in common. */
export type TestContext = {
	readonly tests: TestFamily;
	/** The step, and the one that it grew from. */
	readonly steps: readonly [string, string | undefined];
	/** The measure that the step was to change. */
	readonly primary: Measure;
};

/**
 * How two steps differ in a measure, seed by seed: `a - b`. What claims may say of it is for {@link rose}, {@link fell},
 * {@link equivalent} and {@link inconclusive} to tell.
 *
 * @throws {ConfigError} where they have not the same seeds: nothing is left out in silence
 */
export const difference = (a: MeasuredRecord, b: MeasuredRecord, measure: Measure): PairedDifference => {
	const measured = [measureOf(a, measure), measureOf(b, measure)] as const;
	const seeds = (of: MeasuredRecord): string => of.seeds.toSorted((one, other) => one - other).join(', ');
	if (seeds(a) !== seeds(b)) {
		throw new ConfigError(
			'seeds',
			'the same',
			`${seeds(a)} and ${seeds(b)}`,
			`\`${a.name}\` and \`${b.name}\` should have the same seeds to be paired, they have ${seeds(a)} and ${seeds(b)}`,
		);
	}

	return pairedDifference(measured[0].bySeed, measured[1].bySeed);
};

/** By how much `a` is above `b`, in words: `0.61 points (95 % interval 0.47 to 0.75)`. */
export const shift = (a: MeasuredRecord, b: MeasuredRecord, measure: Measure): string =>
	estimate(difference(a, b, measure).difference);

/**
 * What two steps make of the test images with the same seed, by McNemar's exact test.
 *
 * @throws {ConfigError} where one of them has no answers of that seed, or of other images
 */
export const onImages = (a: MeasuredRecord, b: MeasuredRecord, seed: number): McNemar => {
	checkMeasuredRecord(a);
	checkMeasuredRecord(b);
	if (a.record.data.hash !== b.record.data.hash) {
		const problem = `\`${a.name}\` and \`${b.name}\` should be of the same images to be compared on them`;
		throw new ConfigError('data', 'the same', `${a.record.data.name} and ${b.record.data.name}`, problem);
	}

	const wrong = ({name, record}: MeasuredRecord): Readonly<Record<string, number>> => {
		const answers = record.answers.find(answers => answers.seed === seed);
		if (!answers) {
			throw new ConfigError('seed', `one of \`${name}\``, String(seed), `\`${name}\` has no answers of seed ${seed}`);
		}

		return answers.mistakes;
	};
	return onMistakes(wrong(a), wrong(b));
};

/** The same, from the images that each of two is wrong about, by their numbers. */
export const onMistakes = (wrongA: object, wrongB: object): McNemar => {
	const onlyIn = (some: object, others: object): number =>
		Object.keys(some).filter(image => !Object.hasOwn(others, image)).length;
	return mcnemar(onlyIn(wrongB, wrongA), onlyIn(wrongA, wrongB));
};

/** The share of a step's parameters that its last convolutions have, with their norms. */
export const shareOfLast = (recorded: MeasuredRecord, convolutions: number): number => {
	checkMeasuredRecord(recorded);
	const {parameters, record} = recorded;
	const counts = summarize(record.experiment.net).rows.map(row => row.parameters);
	const last = counts.filter(count => count > 0).slice(-convolutions);
	return last.reduce((sum, count) => sum + count, 0) / parameters;
};

/**
 * Whether a paired test over seeds tells that `a` is above `b`.
 *
 * All of these tests are held to 5 %: that of the primary measure (of the step's target) between a step and the one it grew
 * from by itself, all others of an analysis together, by Holm's correction.
 */
export const rose = (a: AnalyzedRecord, b: AnalyzedRecord, measure: Measure): boolean => {
	const {difference: found, pValue} = difference(a, b, measure);
	return passes(a, b, measure, 'difference', pValue) && found.mean > 0;
};

/** Whether a paired test over seeds tells that `a` is below `b`. */
export const fell = (a: AnalyzedRecord, b: AnalyzedRecord, measure: Measure): boolean => rose(b, a, measure);

/**
 * Whether two one-sided paired tests over seeds tell that `a` and `b` differ by less than a margin.
 *
 * @param margin as the measure is: 0.001 is 0.1 points
 * @throws {ConfigError} for a margin that is not above 0
 */
export const equivalent = (a: AnalyzedRecord, b: AnalyzedRecord, measure: Measure, margin: number): boolean => {
	if (!(margin > 0)) {
		throw new ConfigError('margin', 'a number above 0', formatValue(margin));
	}

	const pValue = withinMargin(difference(a, b, measure).difference, margin);
	return passes(a, b, measure, `within ${margin}`, pValue);
};

/**
 * Whether a paired test over seeds does not tell `a` from `b`. This says something of the seeds and nothing of the steps: that
 * they are alike is for {@link equivalent} to show.
 *
 * @throws {ConfigError} for a single seed, which tells nothing from anything
 */
export const inconclusive = (a: AnalyzedRecord, b: AnalyzedRecord, measure: Measure): boolean => {
	const {pValue, difference: found} = difference(a, b, measure);
	if (found.values.length < 2) {
		const problem = `one seed can’t tell \`${a.name}\` from \`${b.name}\`, whatever they do: record both with more seeds`;
		throw new ConfigError('seeds', 'at least two', '1', problem);
	}

	// A difference that is lost by the correction alone is not called inconclusive: its interval would say otherwise.
	return !passes(a, b, measure, 'difference', pValue) && pValue >= 0.05;
};

/** Whether a test over seeds tells that a measure is above a bound. */
export const isAbove = (a: AnalyzedRecord, measure: Measure, bound: number): boolean =>
	isOff(a, measure, bound) && a[measure].mean > bound;

/** Whether a test over seeds tells that a measure is below a bound. */
export const isBelow = (a: AnalyzedRecord, measure: Measure, bound: number): boolean =>
	isOff(a, measure, bound) && a[measure].mean < bound;

const isOff = (a: AnalyzedRecord, measure: Measure, bound: number): boolean =>
	passes(a, undefined, measure, `off ${bound}`, twoSided(measureOf(a, measure), bound));

/** Whether McNemar's test tells that `a` gets more test images right than `b` does with the same seed. */
export const betterOnImages = (a: AnalyzedRecord, b: AnalyzedRecord, seed: number): boolean => {
	const {onlyFirst, onlySecond, pValue} = onImages(a, b, seed);
	return passes(a, b, 'test', `images of seed ${seed}`, pValue) && onlyFirst > onlySecond;
};

/** Decides a test along with the others of its analysis; by itself where it belongs to none. */
const passes = (
	a: AnalyzedRecord,
	b: AnalyzedRecord | undefined,
	measure: Measure,
	test: string,
	pValue: number,
): boolean => {
	const examination = a.examination ?? b?.examination;
	if (!examination) {
		return pValue < 0.05;
	}

	const {tests, steps, primary} = examination;
	const names = [a.name, ...(b ? [b.name] : [])].toSorted();
	const own = measure === primary && !test.startsWith('images') && names.join() === [...steps].toSorted().join();
	return tests.passes({name: [...names, measure, test].join(', '), pValue, primary: own});
};
