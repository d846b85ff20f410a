import jstat from 'jstat';
import {type Spread, spread} from './spread.js';

const {jStat} = jstat; // a CommonJS package

/** The share of a variance that groups explain. */
export type Explained = {
	/**
	 * The share, epsilon squared (Kelley 1935): eta squared of a one-way analysis of variance, less its bias. 0 at least. It
	 * estimates the first-order index of Sobol' (1993), the variance of the groups' means over that of all values.
	 */
	readonly share: number;
	/** The share that groups without an effect exceed in one of twenty cases, by the F distribution. */
	readonly byChance: number;
};

/**
 * Computes the share of the variance of all values that lies between groups.
 *
 * @param groups at least two, with at least one value each
 * @returns `undefined` where it can't be estimated: with no more values than groups, and with equal values
 */
export const explainedVariance = (groups: ReadonlyArray<readonly number[]>): Explained | undefined => {
	const all = groups.flat();
	const [between, within] = [groups.length - 1, all.length - groups.length];
	const centre = jStat.mean(all);
	const total = all.reduce((sum, value) => sum + (value - centre) ** 2, 0);
	if (between < 1 || within < 1 || !(total > 0)) {
		return undefined;
	}

	const residual = groups.reduce((sum, group) => {
		const mean = jStat.mean(group);
		return sum + group.reduce((squares, value) => squares + (value - mean) ** 2, 0);
	}, 0);
	const unbiased = (unexplained: number): number => Math.max(0, 1 - (unexplained * (between + within)) / within);
	const f = jStat.centralF.inv(0.95, between, within);
	return {share: unbiased(residual / total), byChance: unbiased(within / (within + f * between))};
};

/** The values of one group. */
export type Group = {readonly label: string; readonly spread: Spread};

/** Returns the mean of each group with its interval; groups without values are left out. */
export const spreadOfGroups = (
	groups: ReadonlyArray<{readonly label: string; readonly values: readonly number[]}>,
): Group[] => groups.flatMap(({label, values}) => (values.length > 0 ? [{label, spread: spread(values)}] : []));
