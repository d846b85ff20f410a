/**
 * Corrects p-values for the number of tests (Holm 1979): with each compared to 5 %, the probability of even one false
 * finding among all tests is at most 5 %.
 *
 * @returns the corrected p-values, in the given order
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
