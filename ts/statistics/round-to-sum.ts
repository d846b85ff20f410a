/**
 * Rounds numbers to a fixed number of decimals so that they still add up to their rounded sum. Each is rounded down, and those with
 * the largest remainders get one unit of the last decimal more.
 */
export const roundToSum = (values: readonly number[], digits: number): number[] => {
	const scale = 10 ** digits;
	const scaled = values.map(value => value * scale);
	const whole = scaled.map(value => Math.floor(value + rounding));
	const missing =
		Math.round(scaled.reduce((sum, value) => sum + value, 0)) - whole.reduce((sum, value) => sum + value, 0);
	const byRemainder = [...scaled.keys()].toSorted(
		(a, b) => (scaled[b] ?? 0) - (whole[b] ?? 0) - ((scaled[a] ?? 0) - (whole[a] ?? 0)),
	);
	const raised = new Set(byRemainder.slice(0, missing));
	return whole.map((value, index) => (value + (raised.has(index) ? 1 : 0)) / scale);
};

/** A sum of fractions may be this far below a whole number. */
const rounding = 1e-6;
