/**
 * Returns the epochs after which successive halving ends trials (Jamieson and Talwalkar 2016), the last of which is the end: each
 * is `eta` times the one before. There are as many as leave at least one epoch to the first, and `finalists` to the last.
 */
export const rungsOf = (
	epochs: number,
	trials: number,
	{eta, finalists}: {readonly eta: number; readonly finalists: number},
): number[] => {
	const rungs = [epochs];
	for (let [spared, standing] = [epochs / eta, trials / eta]; spared >= 1 && standing >= finalists; ) {
		rungs.unshift(Math.round(spared));
		[spared, standing] = [spared / eta, standing / eta];
	}

	return rungs;
};

/** Returns how many of the trials at a rung go on to the next one: one in `eta`, but no fewer than `least`. */
export const survivorsOf = (trials: number, eta: number, least: number): number =>
	Math.min(trials, Math.max(least, Math.floor(trials / eta)));

/** Returns the positions of the `count` highest scores, best first; of equal ones the first. NaN counts as the lowest. */
export const bestOf = (scores: readonly number[], count: number): number[] =>
	[...scores.map(score => (Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score)).entries()]
		.toSorted(([a, x], [b, y]) => (x === y ? a - b : y > x ? 1 : -1))
		.slice(0, count)
		.map(([index]) => index);
