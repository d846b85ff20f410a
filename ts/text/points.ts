/** A difference of fractions in percentage points: `0.0012` is `0.12 points`. */
export const points = (difference: number): string => `${(100 * difference).toFixed(2)} points`;

/** An interval of such differences: `0.05 to 0.19`. */
export const interval = ({low, high}: {readonly low: number; readonly high: number}): string =>
	`${(100 * low).toFixed(2)} to ${(100 * high).toFixed(2)}`;

/** A probability of a test: three decimals, or `< 0.001`. */
export const probability = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3));
