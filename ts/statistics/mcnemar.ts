import jstat from 'jstat';

const {jStat} = jstat; // a CommonJS package

/** Comparison of two classifiers on the same images. */
export type McNemar = {
	/** Number of images that only the first gets right. */
	readonly onlyFirst: number;
	/** Number of images that only the second gets right. */
	readonly onlySecond: number;
	/** Exact two-sided p-value (McNemar 1947). */
	readonly pValue: number;
};

/** Applies McNemar's exact test to the numbers of images that only one of the two gets right. */
export const mcnemar = (onlyFirst: number, onlySecond: number): McNemar => {
	const fewer = Math.min(onlyFirst, onlySecond);
	const pValue = Math.min(1, 2 * jStat.binomial.cdf(fewer, onlyFirst + onlySecond, 0.5));
	return {onlyFirst, onlySecond, pValue: onlyFirst + onlySecond === 0 ? 1 : pValue};
};
