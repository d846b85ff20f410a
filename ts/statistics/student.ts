import jstat from 'jstat';
import type {Spread} from './spread.js';

const {jStat} = jstat; // a CommonJS package

/**
 * Applies Student's two-sided t test of whether the mean over all seeds is `centre`.
 *
 * @returns the p-value; 1 for fewer than two values and for equal ones, whose variance can't be estimated
 */
export const twoSided = (found: Spread, centre = 0): number =>
	hasVariance(found) ? 2 * below(found, -Math.abs(found.mean - centre)) : 1;

/**
 * Applies two one-sided tests of whether the mean over all seeds is within `margin` of zero (Schuirmann 1987).
 *
 * @returns the larger p-value; 1 for fewer than two values and for equal ones
 */
export const withinMargin = (found: Spread, margin: number): number =>
	hasVariance(found) ? below(found, Math.abs(found.mean) - margin) : 1;

/** A smaller deviation is a rounding error: fractions of fewer than a billion images differ by more. */
const resolution = 1e-9;

/** Returns whether the variance of values can be estimated. */
export const hasVariance = ({deviation}: Spread): boolean => deviation > resolution;

/** Returns the probability of a mean that is below the true one by `-shift` or more. */
const below = ({values, deviation}: Spread, shift: number): number =>
	jStat.studentt.cdf((Math.sqrt(values.length) * shift) / deviation, values.length - 1);
