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

/** The records that a reason or an analysis can refer to. */
export type Evidence = {
	/** The record of the step itself. */
	readonly self: AnalyzedRecord;
	/** The record of the step that it grew from. */
	readonly from: AnalyzedRecord;
	/** Returns the record of any step. */
	readonly step: (name: string) => AnalyzedRecord;
	/** Returns the result of a sweep, by its name. */
	readonly sweep: (name: string) => SweepSummary;
};

/** The records of other steps, which are known before a step is trained. */
export type PriorEvidence = Omit<Evidence, 'self'>;

/** A sentence of an analysis, with the condition under which it is true. */
export type Claim = {
	/** Returns the sentence, with figures from the records. */
	readonly say: (evidence: Evidence) => string;
	/** Returns whether the sentence is true. */
	readonly holds: (evidence: Evidence) => boolean;
};

/**
 * Makes a claim: a sentence, and a test of the records that decides whether it is true.
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

/** A record as one analysis uses it, with the context in which its tests are corrected. */
export type AnalyzedRecord = MeasuredRecord & {readonly testContext?: TestContext | undefined};

/** The context of the tests of one analysis. */
export type TestContext = {
	readonly tests: TestFamily;
	/** Names of the step and of the one that it grew from. */
	readonly steps: readonly [string, string | undefined];
	/** The measure that the step was to change. */
	readonly primary: Measure;
};

/**
 * Returns the difference of two steps in a measure, paired by seed: `a - b`. Claims about it use {@link rose},
 * {@link fell}, {@link equivalent} and {@link inconclusive}.
 *
 * @throws {ConfigError} if their seeds differ
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

/** Formats by how much `a` is above `b`: `0.61 points (95 % interval 0.47 to 0.75)`. */
export const shift = (a: MeasuredRecord, b: MeasuredRecord, measure: Measure): string =>
	estimate(difference(a, b, measure).difference);

/**
 * Compares the predictions of two steps with the same seed by McNemar's exact test.
 *
 * @throws {ConfigError} if one of them does not have the seed, or their data differ
 */
export const onImages = (a: MeasuredRecord, b: MeasuredRecord, seed: number): McNemar => {
	checkMeasuredRecord(a);
	checkMeasuredRecord(b);
	if (a.record.data.hash !== b.record.data.hash) {
		const problem = `\`${a.name}\` and \`${b.name}\` should have the same test images to be compared on them`;
		throw new ConfigError('data', 'the same', `${a.record.data.name} and ${b.record.data.name}`, problem);
	}

	const wrong = ({name, record}: MeasuredRecord): Readonly<Record<string, number>> => {
		const answers = record.answers.find(answers => answers.seed === seed);
		if (!answers) {
			throw new ConfigError(
				'seed',
				`a seed of \`${name}\``,
				String(seed),
				`\`${name}\` has no predictions of seed ${seed}`,
			);
		}

		return answers.mistakes;
	};
	return onMistakes(wrong(a), wrong(b));
};

/** Applies McNemar's exact test to the mistakes of two models, objects with image numbers as keys. */
export const onMistakes = (wrongA: object, wrongB: object): McNemar => {
	const onlyIn = (some: object, others: object): number =>
		Object.keys(some).filter(image => !Object.hasOwn(others, image)).length;
	return mcnemar(onlyIn(wrongB, wrongA), onlyIn(wrongA, wrongB));
};

/** Returns the fraction of a step's parameters in its last convolutions and their norms. */
export const shareOfLast = (recorded: MeasuredRecord, convolutions: number): number => {
	checkMeasuredRecord(recorded);
	const {parameters, record} = recorded;
	const counts = summarize(record.experiment.net).rows.map(row => row.parameters);
	const last = counts.filter(count => count > 0).slice(-convolutions);
	return last.reduce((sum, count) => sum + count, 0) / parameters;
};

/**
 * Returns whether `a` is significantly above `b`, by a paired test over seeds.
 *
 * The test of the target's primary measure between a step and the one that it grew from has a level of 5 %. All other
 * tests of an analysis have a level of 5 % together, by Holm's correction.
 */
export const rose = (a: AnalyzedRecord, b: AnalyzedRecord, measure: Measure): boolean => {
	const {difference: found, pValue} = difference(a, b, measure);
	return passes(a, b, measure, 'difference', pValue) && found.mean > 0;
};

/** Returns whether `a` is significantly below `b`, by a paired test over seeds. */
export const fell = (a: AnalyzedRecord, b: AnalyzedRecord, measure: Measure): boolean => rose(b, a, measure);

/**
 * Returns whether `a` and `b` differ significantly by less than a margin, by two one-sided paired tests over seeds.
 *
 * @param margin a fraction, as the measures are: 0.001 is 0.1 points
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
 * Returns whether a paired test over seeds finds no significant difference. That is a statement about these seeds, not
 * about the steps; whether the steps are alike is tested by {@link equivalent}.
 *
 * @throws {ConfigError} for a single seed, which can't be tested
 */
export const inconclusive = (a: AnalyzedRecord, b: AnalyzedRecord, measure: Measure): boolean => {
	const {pValue, difference: found} = difference(a, b, measure);
	if (found.values.length < 2) {
		const problem = `\`${a.name}\` and \`${b.name}\` can’t be tested with one seed: record both with more`;
		throw new ConfigError('seeds', 'at least two', '1', problem);
	}

	// A difference that only the correction makes insignificant is not inconclusive: its interval excludes zero.
	return !passes(a, b, measure, 'difference', pValue) && pValue >= 0.05;
};

/** Returns whether a measure is significantly above a bound, by a test over seeds. */
export const isAbove = (a: AnalyzedRecord, measure: Measure, bound: number): boolean =>
	isOff(a, measure, bound) && measureOf(a, measure).mean > bound;

/** Returns whether a measure is significantly below a bound, by a test over seeds. */
export const isBelow = (a: AnalyzedRecord, measure: Measure, bound: number): boolean =>
	isOff(a, measure, bound) && measureOf(a, measure).mean < bound;

const isOff = (a: AnalyzedRecord, measure: Measure, bound: number): boolean =>
	passes(a, undefined, measure, `off ${bound}`, twoSided(measureOf(a, measure), bound));

/** Returns whether `a` has significantly more test images right than `b` with the same seed, by McNemar's test. */
export const betterOnImages = (a: AnalyzedRecord, b: AnalyzedRecord, seed: number): boolean => {
	const {onlyFirst, onlySecond, pValue} = onImages(a, b, seed);
	return passes(a, b, 'test', `images of seed ${seed}`, pValue) && onlyFirst > onlySecond;
};

/** Returns whether a test passes, corrected with the others of its analysis if it belongs to one. */
const passes = (
	a: AnalyzedRecord,
	b: AnalyzedRecord | undefined,
	measure: Measure,
	test: string,
	pValue: number,
): boolean => {
	const testContext = a.testContext ?? b?.testContext;
	if (!testContext) {
		return pValue < 0.05;
	}

	const {tests, steps, primary} = testContext;
	const names = [a.name, ...(b ? [b.name] : [])].toSorted();
	const isPrimary = measure === primary && !test.startsWith('images') && names.join() === [...steps].toSorted().join();
	return tests.passes({name: [...names, measure, test].join(', '), pValue, primary: isPrimary});
};
