import jstat from 'jstat';
import {type Spread, spread} from './spread.js';
import {hasVariance, twoSided} from './student.js';

const {jStat} = jstat; // a CommonJS package

/** Difference of two measures, paired by seed. */
export type PairedDifference = {
	/** `a - b` of each seed that both have. */
	readonly difference: Spread;
	/**
	 * Two-sided p-value of Student's paired t test. NaN with fewer than two seeds; 1 if all differences are equal, since their
	 * variance can't be estimated.
	 */
	readonly pValue: number;
	/** Whether the p-value is below 5 %. */
	readonly significant: boolean;
	/**
	 * Number of seeds with which a difference this large would be significant in four of five tries (a power of 0.8 at 5 %),
	 * with this deviation; NaN without an estimate of it. It follows from `pValue` and the number of seeds.
	 */
	readonly seedsNeeded: number;
};

/**
 * Compares two measures seed by seed.
 *
 * @param a values by seed
 * @param b values by seed, with at least one seed in common
 */
export const pairedDifference = (a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): PairedDifference => {
	const pairs = [...a].flatMap(([seed, value]) => {
		const other = b.get(seed);
		return other === undefined ? [] : [value - other];
	});
	const difference = spread(pairs);
	if (pairs.length < 2) {
		return {difference, pValue: Number.NaN, significant: false, seedsNeeded: Number.NaN};
	}

	const pValue = twoSided(difference);
	return {
		difference,
		pValue,
		significant: pValue < 0.05,
		seedsNeeded: hasVariance(difference) ? seedsNeeded(difference.mean, difference.deviation) : Number.NaN,
	};
};

/**
 * Returns the smallest `n` with `sqrt(n) |mean| / deviation >= t(0.975, n - 1) + t(0.8, n - 1)`: the usual approximation of
 * the power of a paired t test, within one of the exact number.
 */
export const seedsNeeded = (mean: number, deviation: number): number => {
	if (mean === 0) {
		return Number.POSITIVE_INFINITY;
	}

	const effect = Math.abs(mean) / deviation;
	const isEnough = (count: number): boolean =>
		Math.sqrt(count) * effect >= jStat.studentt.inv(0.975, count - 1) + jStat.studentt.inv(0.8, count - 1);
	for (let count = 2; count <= 10_000; count += 1) {
		if (isEnough(count)) {
			return count;
		}
	}

	return Number.POSITIVE_INFINITY;
};
