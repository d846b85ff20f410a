import jstat from 'jstat';
import type {Spread} from './spread.js';

const {jStat} = jstat; // a CommonJS package

/**
 * Student's t test of whether the mean of all seeds lies at `centre`, two-sided.
 *
 * @returns the probability of values so far off; 1 where there are fewer than two, and where all are equal, since then
 * nothing can be said of how far seeds lie apart
 */
export const twoSided = (found: Spread, centre = 0): number =>
	hasVariance(found) ? 2 * below(found, -Math.abs(found.mean - centre)) : 1;

/**
 * Two one-sided tests of whether the mean of all seeds lies within `margin` of zero (Schuirmann 1987).
 *
 * @returns the larger of their probabilities; 1 where there are fewer than two values, and where all are equal
 */
export const withinMargin = (found: Spread, margin: number): number =>
	hasVariance(found) ? below(found, Math.abs(found.mean) - margin) : 1;

/** Below it, fractions of fewer than a billion images are equal, and what is left is an error of the last bit. */
const resolution = 1e-9;

/** Whether values lie apart, so that something can be said of how far. */
export const hasVariance = ({deviation}: Spread): boolean => deviation > resolution;

/** The probability of a mean so far below the true one or farther. */
const below = ({values, deviation}: Spread, shift: number): number =>
	jStat.studentt.cdf((Math.sqrt(values.length) * shift) / deviation, values.length - 1);
