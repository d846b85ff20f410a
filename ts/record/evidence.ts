import {type PairedDifference, pairedDifference} from '../statistics/paired.js';
import type {Measure, Recorded} from './recorded.js';

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

/** How two steps differ in a measure, seed by seed: `a - b`. */
export const difference = (a: Recorded, b: Recorded, measure: Measure): PairedDifference =>
	pairedDifference(a[measure].bySeed, b[measure].bySeed);

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
