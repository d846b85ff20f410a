/** Types of the part of jStat in use; jStat has no types of its own. */
declare module 'jstat' {
	const jstat: {
		readonly jStat: {
			mean(values: readonly number[]): number;
			/** Computes the standard deviation, that of a sample (divided by n - 1) if `isSample`. */
			stdev(values: readonly number[], isSample: boolean): number;
			readonly studentt: {
				/** Returns the `p` quantile of Student's t with `df` degrees of freedom. */
				inv(p: number, df: number): number;
				cdf(t: number, df: number): number;
			};
			readonly centralF: {
				/** Returns the `p` quantile of the F distribution. */
				inv(p: number, df1: number, df2: number): number;
			};
			readonly normal: {
				cdf(x: number, mean: number, deviation: number): number;
			};
			readonly binomial: {
				/** Returns the probability of at most `k` successes in `n` trials of probability `p`. */
				cdf(k: number, n: number, p: number): number;
			};
		};
	};
	export default jstat;
}
