import {ConfigError} from '../errors/index.js';
import type {Measure} from '../experiment/measures.js';
import {summarize} from '../experiment/summarize.js';
import {estimate} from '../format/figures.js';
import {formatValue} from '../format/value.js';
import {type McNemar, mcnemar} from '../statistics/mcnemar.js';
import {type PairedDifference, pairedDifference} from '../statistics/paired.js';
import {twoSided, withinMargin} from '../statistics/student.js';
import {type Comparison, currentAnalysis} from './analysis.js';
import {recordOfPart} from './genuine.js';
import {checkMeasuredRecord, type MeasuredRecord, measureOf} from './measured-record.js';
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

/** A record as claims use it. */
export type AnalyzedRecord = MeasuredRecord;

/**
 * Returns the difference of two steps in a measure, paired by seed: `a - b`. Claims about it use {@link rose},
 * {@link fell}, {@link equivalent} and {@link inconclusive}.
 *
 * @throws {ConfigError} if their seeds differ
 */
export const difference = (a: MeasuredRecord, b: MeasuredRecord, measure: Measure): PairedDifference => {
	const {found, comparison} = compared(a, b, measure);
	const {difference, seedsNeeded} = found;
	return {
		difference,
		// whoever looks at one of these makes the test
		get pValue() {
			return currentAnalysis()?.pValue(comparison) ?? found.pValue;
		},
		get significant() {
			return passes(comparison);
		},
		get seedsNeeded() {
			currentAnalysis()?.pValue(comparison);
			return seedsNeeded;
		},
	};
};

/** Compares two steps, without making the test. */
const compared = (
	a: MeasuredRecord,
	b: MeasuredRecord,
	measure: Measure,
): {readonly found: PairedDifference; readonly comparison: Comparison} => {
	const measured = [measureOf(a, measure), measureOf(b, measure)] as const;
	const records = [recordOfPart(measured[0], measure, a.name), recordOfPart(measured[1], measure, b.name)];
	const [bySeed, otherBySeed] = [measured[0].bySeed, measured[1].bySeed];
	const seeds = (of: ReadonlyMap<number, number>): string =>
		[...of.keys()].toSorted((one, other) => one - other).join(', ');
	if (seeds(bySeed) !== seeds(otherBySeed)) {
		const [ofA, ofB] = [seeds(bySeed), seeds(otherBySeed)];
		throw new ConfigError(
			'seeds',
			'the same',
			`${ofA} and ${ofB}`,
			`\`${a.name}\` and \`${b.name}\` should have the same seeds to be paired, they have ${ofA} and ${ofB}`,
		);
	}

	const found = pairedDifference(bySeed, otherBySeed);
	return {found, comparison: {records, measure, kind: 'difference', pValue: found.pValue}};
};

/** Formats by how much `a` is above `b`: `0.61 points (95 % interval 0.47 to 0.75)`. */
export const shift = (a: MeasuredRecord, b: MeasuredRecord, measure: Measure): string =>
	estimate(compared(a, b, measure).found.difference);

/**
 * Compares the predictions of two steps with the same seed by McNemar's exact test.
 *
 * @throws {ConfigError} if one of them does not have the seed, or their data differ
 */
export const onImages = (a: MeasuredRecord, b: MeasuredRecord, seed: number): McNemar => {
	const {found, comparison} = comparedOnImages(a, b, seed);
	const {onlyFirst, onlySecond, pValue} = found;
	return {
		onlyFirst,
		onlySecond,
		get pValue() {
			return currentAnalysis()?.pValue(comparison) ?? pValue;
		},
	};
};

/** Compares the predictions of two steps, without making the test. */
const comparedOnImages = (
	a: MeasuredRecord,
	b: MeasuredRecord,
	seed: number,
): {readonly found: McNemar; readonly comparison: Comparison} => {
	checkMeasuredRecord(a);
	checkMeasuredRecord(b);
	note(seed);
	const records = [a, b].map(({record, name}) => recordOfPart(record, undefined, name));
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
	const found = onMistakes(wrong(a), wrong(b));
	return {found, comparison: {records, measure: 'test', kind: `images of seed ${seed}`, pValue: found.pValue}};
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
	note(convolutions);
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
	const {found, comparison} = compared(a, b, measure);
	return passes(comparison) && found.difference.mean > 0;
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

	note(margin);
	const {found, comparison} = compared(a, b, measure);
	return passes({...comparison, kind: `within ${margin}`, pValue: withinMargin(found.difference, margin)});
};

/**
 * Returns whether a paired test over seeds finds no significant difference. That is a statement about these seeds, not
 * about the steps; whether the steps are alike is tested by {@link equivalent}.
 *
 * @throws {ConfigError} for a single seed, which can't be tested
 */
export const inconclusive = (a: AnalyzedRecord, b: AnalyzedRecord, measure: Measure): boolean => {
	const {found, comparison} = compared(a, b, measure);
	if (found.difference.values.length < 2) {
		const problem = `\`${a.name}\` and \`${b.name}\` can’t be tested with one seed: record both with more`;
		throw new ConfigError('seeds', 'at least two', '1', problem);
	}

	// A difference that only the correction makes insignificant is not inconclusive: its interval excludes zero.
	return !passes(comparison) && found.pValue >= 0.05;
};

/** Returns whether a measure is significantly above a bound, by a test over seeds. */
export const isAbove = (a: AnalyzedRecord, measure: Measure, bound: number): boolean =>
	isOff(a, measure, bound) && measureOf(a, measure).mean > bound;

/** Returns whether a measure is significantly below a bound, by a test over seeds. */
export const isBelow = (a: AnalyzedRecord, measure: Measure, bound: number): boolean =>
	isOff(a, measure, bound) && measureOf(a, measure).mean < bound;

const isOff = (a: AnalyzedRecord, measure: Measure, bound: number): boolean => {
	note(bound);
	const found = measureOf(a, measure);
	const records = [recordOfPart(found, measure, a.name)];
	return passes({records, measure, kind: `off ${bound}`, pValue: twoSided(found, bound)});
};

/** Returns whether `a` has significantly more test images right than `b` with the same seed, by McNemar's test. */
export const betterOnImages = (a: AnalyzedRecord, b: AnalyzedRecord, seed: number): boolean => {
	const {found, comparison} = comparedOnImages(a, b, seed);
	return passes(comparison) && found.onlyFirst > found.onlySecond;
};

/** Returns whether a test passes, corrected with the others of its analysis if it belongs to one. */
const passes = (comparison: Comparison): boolean => currentAnalysis()?.passes(comparison) ?? comparison.pValue < 0.05;

/** Notes a number that a condition gives to a test: its sentence may state it. */
const note = (value: number): void => {
	const analysis = currentAnalysis();
	if (analysis?.isDeciding) {
		analysis.given.add(value);
	}
};
