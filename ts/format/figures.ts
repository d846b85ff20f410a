/** Formats seconds as a clock does: `02:05`, `1:00:00`. */
export const clock = (seconds: number): string => {
	const whole = Math.round(seconds);
	const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
	const two = (value: number): string => String(value).padStart(2, '0');
	return `${hours > 0 ? `${hours}:` : ''}${two(minutes)}:${two(whole % 60)}`;
};

/** Formats a fraction in percent with two decimals: `0.994` as `99.40`. Rounds down, so that no missed target looks reached. */
export const percent = (fraction: number): string => (Math.floor(fraction * 10_000 + 1e-9) / 100).toFixed(2);

/** A mean with the bounds of its interval. */
type Estimate = {readonly mean: number; readonly low: number; readonly high: number};

/** Formats a difference of fractions in percentage points: `0.0012` as `0.12 points`. */
export const points = (difference: number): string => `${fixed(100 * difference, 2)} points`;

/** Formats a mean difference over seeds with its interval: `0.12 points (95 % interval 0.05 to 0.19)`. */
export const estimate = (found: Estimate): string => {
	if (!Number.isFinite(found.low)) {
		return `${points(found.mean)} (one seed)`;
	}

	if (found.high - found.low < 1e-9) {
		return `${points(found.mean)} (with every seed)`; // all seeds have the same difference
	}

	const {mean, low, high} = roundInterval(found);
	return `${mean} points (95 % interval ${low} to ${high})`;
};

/**
 * Rounds a mean and its interval, times 100. The mean is rounded to two decimals and half of the interval's width is
 * rounded up; the bounds are their difference and sum, so that the mean is the midpoint. If a bound would lose its sign,
 * such as one just above zero, all three get more decimals.
 *
 * @param round rounds the mean; to the nearest by default
 */
export const roundInterval = (
	{mean, low, high}: Estimate,
	round: (value: number) => number = Math.round,
): {readonly mean: string; readonly low: string; readonly high: string} => {
	for (let digits = 2; ; digits += 1) {
		const scale = 100 * 10 ** digits;
		const centre = round(mean * scale);
		const half = Math.ceil(((high - low) / 2) * scale - 1e-6); // a rounding error should not add a unit
		const bounds = [centre - half, centre + half] as const;
		if (digits === maxDigits || (sameSign(bounds[0], low) && sameSign(bounds[1], high))) {
			const [a, b, c] = [centre, ...bounds].map(value => fixed(value / 10 ** digits, digits));
			return {mean: a ?? '', low: b ?? '', high: c ?? ''};
		}
	}
};

/** Decimals that suffice for any number of images. */
const maxDigits = 6;

const sameSign = (a: number, b: number): boolean => Math.sign(a) === Math.sign(b);

/** Formats a number with a fixed number of decimals; zero has no sign. */
export const fixed = (value: number, digits: number): string => value.toFixed(digits).replace(/^-(?=[0.]+$)/, '');

/** Formats a p-value with three decimals, or as `< 0.001`. */
export const probability = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3));
