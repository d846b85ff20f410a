/**
 * Corrects the probabilities of several tests for their number (Holm 1979): where each is held to 5 %, the probability
 * of even one false finding among all of them is at most 5 %.
 *
 * @returns the corrected probabilities, in the order of the given ones
 */
export const holm = (pValues: readonly number[]): number[] => {
	const order = [...pValues.entries()].sort(([, a], [, b]) => a - b);
	const corrected = pValues.map(() => 1);
	let least = 0;
	for (const [rank, [index, p]] of order.entries()) {
		least = Math.max(least, Math.min(1, (pValues.length - rank) * p));
		corrected[index] = least;
	}

	return corrected;
};
