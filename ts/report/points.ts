/** A difference of fractions in percentage points: `0.0012` is `0.12 points`. */
export const points = (difference: number): string => `${(100 * difference).toFixed(2)} points`;

/** An interval of such differences: `0.05 to 0.19`. */
export const interval = ({low, high}: {readonly low: number; readonly high: number}): string =>
	`${(100 * low).toFixed(2)} to ${(100 * high).toFixed(2)}`;
