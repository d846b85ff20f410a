import jstat from 'jstat';

const {jStat} = jstat; // a CommonJS package

/** Two classifiers on the same images. */
export type McNemar = {
	/** Images that only the first gets right. */
	readonly onlyFirst: number;
	/** Images that only the second gets right. */
	readonly onlySecond: number;
	/** The exact two-sided probability of so uneven a split, were both as good (McNemar 1947). */
	readonly pValue: number;
};

/** McNemar's exact test, from the images that one of the two gets wrong. */
export const mcnemar = (onlyFirst: number, onlySecond: number): McNemar => {
	const fewer = Math.min(onlyFirst, onlySecond);
	const pValue = Math.min(1, 2 * jStat.binomial.cdf(fewer, onlyFirst + onlySecond, 0.5));
	return {onlyFirst, onlySecond, pValue: onlyFirst + onlySecond === 0 ? 1 : pValue};
};
