import jstat from 'jstat';

const {jStat} = jstat; // a CommonJS package

/** Mean, deviation and confidence interval of values, one per seed. */
export type Spread = {
	readonly values: readonly number[];
	readonly mean: number;
	/** Sample standard deviation; 0 for a single value. */
	readonly deviation: number;
	/** 95 % confidence interval of the mean by Student's t; infinite for a single value. */
	readonly low: number;
	readonly high: number;
};

/** Computes the spread of at least one value. */
export const spread = (values: readonly number[]): Spread => {
	const all = [...values];
	const centre = jStat.mean(all);
	if (all.length === 1) {
		return {values, mean: centre, deviation: 0, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY};
	}

	const deviation = jStat.stdev(all, true);
	const margin = (jStat.studentt.inv(0.975, all.length - 1) * deviation) / Math.sqrt(all.length);
	return {values, mean: centre, deviation, low: centre - margin, high: centre + margin};
};
