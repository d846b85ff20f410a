import jstat from 'jstat';
import {type Spread, spread} from './spread.js';
import {hasVariance, twoSided} from './student.js';

const {jStat} = jstat; // a CommonJS package

/** The difference of two measures over the same seeds. */
export type PairedDifference = {
	/** `a - b` of each seed that both have. */
	readonly difference: Spread;
	/**
	 * Of Student's paired t test, two-sided; not a number where there are fewer than two seeds. 1 where all differences
	 * are equal: too few seeds or images to see how far they lie apart.
	 */
	readonly pValue: number;
	/** Whether this is below 5 %, so that the sign of the difference can be told. */
	readonly significant: boolean;
	/**
	 * Seeds that it takes to tell a difference as large as the one found in four of five tries (a power of 0.8 at 5 %),
	 * judging by the spread found; not a number where this can't be judged. It follows from `pValue` and the number of
	 * seeds, and says nothing beside them.
	 */
	readonly seedsNeeded: number;
};

/**
 * Compares two measures seed by seed.
 *
 * @param a a value a seed
 * @param b likewise; at least one seed is in both
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
 * The smallest `n` with `sqrt(n) |mean| / deviation >= t(0.975, n - 1) + t(0.8, n - 1)`: the usual approximation of
 * the power of a paired t test, within one of the exact number.
 */
export const seedsNeeded = (mean: number, deviation: number): number => {
	if (mean === 0) {
		return Number.POSITIVE_INFINITY;
	}

	const effect = Math.abs(mean) / deviation;
	const told = (count: number): boolean =>
		Math.sqrt(count) * effect >= jStat.studentt.inv(0.975, count - 1) + jStat.studentt.inv(0.8, count - 1);
	for (let count = 2; count <= 10_000; count += 1) {
		if (told(count)) {
			return count;
		}
	}

	return Number.POSITIVE_INFINITY;
};
