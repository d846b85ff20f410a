import {ConfigError} from '../errors/index.js';
import {type McNemar, mcnemar} from '../statistics/mcnemar.js';
import {type PairedDifference, pairedDifference} from '../statistics/paired.js';
import {interval, points} from '../text/points.js';
import type {Measure, Recorded} from './recorded.js';
import {summarize} from './summarize.js';

/** The records that a target or an analysis may speak of. */
export type Evidence = {
	/** Of the step itself. */
	readonly self: Recorded;
	/** Of the step that it grew from. */
	readonly from: Recorded;
	/** Of any other step. */
	readonly step: (name: string) => Recorded;
};

/** What is known before a step is run: the records of the others. */
export type Foreknowledge = Omit<Evidence, 'self'>;

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
 * 	({self, from}) => `The gap widened by ${points(difference(self, from, 'gap').difference.mean)}.`,
 * 	({self, from}) => rose(self, from, 'gap'),
 * )
 * ```
 */
export const claim = (say: Claim['say'], holds: Claim['holds']): Claim => ({say, holds});

/**
 * How two steps differ in a measure, seed by seed: `a - b`.
 *
 * @throws {ConfigError} where they have not the same seeds: nothing is left out in silence
 */
export const difference = (a: Recorded, b: Recorded, measure: Measure): PairedDifference => {
	const seeds = (of: Recorded): string => of.seeds.toSorted((one, other) => one - other).join(', ');
	if (seeds(a) !== seeds(b)) {
		throw new ConfigError(
			'seeds',
			'the same',
			`${seeds(a)} and ${seeds(b)}`,
			`\`${a.name}\` and \`${b.name}\` should have the same seeds to be paired, they have ${seeds(a)} and ${seeds(b)}`,
		);
	}

	return pairedDifference(a[measure].bySeed, b[measure].bySeed);
};

/** By how much `a` is above `b`, in words: `0.61 points (95 % interval 0.47 to 0.75)`. */
export const shift = (a: Recorded, b: Recorded, measure: Measure): string => {
	const {difference: found} = difference(a, b, measure);
	return `${points(found.mean)} (95 % interval ${interval(found)})`;
};

/**
 * What two steps make of the test images with the same seed, by McNemar's exact test.
 *
 * @throws {ConfigError} where one of them has no answers of that seed, or of other images
 */
export const onImages = (a: Recorded, b: Recorded, seed: number): McNemar => {
	if (a.record.data.hash !== b.record.data.hash) {
		const problem = `\`${a.name}\` and \`${b.name}\` should be of the same images to be compared on them`;
		throw new ConfigError('data', 'the same', `${a.record.data.name} and ${b.record.data.name}`, problem);
	}

	const wrong = ({name, record}: Recorded): Readonly<Record<string, number>> => {
		const answers = record.answers.find(answers => answers.seed === seed);
		if (!answers) {
			throw new ConfigError('seed', `one of \`${name}\``, String(seed), `\`${name}\` has no answers of seed ${seed}`);
		}

		return answers.mistakes;
	};
	const [wrongA, wrongB] = [wrong(a), wrong(b)];
	const onlyIn = (some: object, others: object): number =>
		Object.keys(some).filter(image => !Object.hasOwn(others, image)).length;
	return mcnemar(onlyIn(wrongB, wrongA), onlyIn(wrongA, wrongB));
};

/** The share of a step's parameters that its last convolutions have, with their norms. */
export const shareOfLast = ({parameters, record: {experiment}}: Recorded, convolutions: number): number => {
	const counts = summarize(experiment.net).rows.map(row => row.parameters);
	const last = counts.filter(count => count > 0).slice(-convolutions);
	return last.reduce((sum, count) => sum + count, 0) / parameters;
};

/** Whether a paired test over seeds tells that `a` is above `b`. */
export const rose = (a: Recorded, b: Recorded, measure: Measure): boolean => {
	const {
		told,
		difference: {mean},
	} = difference(a, b, measure);
	return told && mean > 0;
};

/** Whether a paired test over seeds tells that `a` is below `b`. */
export const fell = (a: Recorded, b: Recorded, measure: Measure): boolean => rose(b, a, measure);

/** Whether a paired test over seeds can't tell `a` from `b`. */
export const same = (a: Recorded, b: Recorded, measure: Measure): boolean => !difference(a, b, measure).told;
