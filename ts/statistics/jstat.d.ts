/** The part of jStat that is used here; jStat has no types of its own. */
declare module 'jstat' {
	const jstat: {
		readonly jStat: {
			mean(values: readonly number[]): number;
			/** Of a sample where `isSample`: divided by one less than there are values. */
			stdev(values: readonly number[], isSample: boolean): number;
			readonly studentt: {
				/** The value below which a share `p` of Student's t with `df` degrees of freedom lies. */
				inv(p: number, df: number): number;
				cdf(t: number, df: number): number;
			};
			readonly binomial: {
				/** The probability of at most `k` successes in `n` trials of probability `p`. */
				cdf(k: number, n: number, p: number): number;
			};
		};
	};
	export default jstat;
}
