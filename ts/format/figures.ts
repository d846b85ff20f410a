/** Seconds as a clock shows them: `02:05`, `1:00:00`. */
export const clock = (seconds: number): string => {
	const whole = Math.round(seconds);
	const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
	const two = (value: number): string => String(value).padStart(2, '0');
	return `${hours > 0 ? `${hours}:` : ''}${two(minutes)}:${two(whole % 60)}`;
};

/** A fraction as a percentage with two decimals, without its sign: `0.994` is `99.40`. Rounds down, so that nothing looks reached that is not. */
export const percent = (fraction: number): string => (Math.floor(fraction * 10_000 + 1e-9) / 100).toFixed(2);

/** A mean with the bounds of its interval. */
type Estimate = {readonly mean: number; readonly low: number; readonly high: number};

/** A difference of fractions in percentage points: `0.0012` is `0.12 points`. */
export const points = (difference: number): string => `${fixed(100 * difference, 2)} points`;

/** Such a difference, as the mean over seeds, with its interval: `0.12 points (95 % interval 0.05 to 0.19)`. */
export const estimate = (found: Estimate): string => {
	if (!Number.isFinite(found.low)) {
		return `${points(found.mean)} (one seed)`;
	}

	if (found.high - found.low < 1e-9) {
		return `${points(found.mean)} (with every seed)`; // no interval: they don't lie apart
	}

	const {mean, low, high} = roundInterval(found);
	return `${mean} points (95 % interval ${low} to ${high})`;
};

/**
 * A mean and its interval, times 100, for people. The mean is rounded to two decimals, half of the interval's width is
 * rounded up, and the bounds are the one less and plus the other, so that the mean stands in the middle. Where a bound
 * would lose its sign by that, such as one just above zero, all three have more decimals.
 *
 * @param round how the mean is rounded: to the nearest unless said otherwise
 */
export const roundInterval = (
	{mean, low, high}: Estimate,
	round: (value: number) => number = Math.round,
): {readonly mean: string; readonly low: string; readonly high: string} => {
	for (let digits = 2; ; digits += 1) {
		const scale = 100 * 10 ** digits;
		const centre = round(mean * scale);
		const half = Math.ceil(((high - low) / 2) * scale - 1e-6); // not a whole unit for an error of the last bit
		const bounds = [centre - half, centre + half] as const;
		if (digits === most || (sameSign(bounds[0], low) && sameSign(bounds[1], high))) {
			const [a, b, c] = [centre, ...bounds].map(value => fixed(value / 10 ** digits, digits));
			return {mean: a ?? '', low: b ?? '', high: c ?? ''};
		}
	}
};

/** Decimals that are enough for any number of images. */
const most = 6;

const sameSign = (a: number, b: number): boolean => Math.sign(a) === Math.sign(b);

/** A number with so many decimals; zero has no sign. */
export const fixed = (value: number, digits: number): string => value.toFixed(digits).replace(/^-(?=[0.]+$)/, '');

/** A probability of a test: three decimals, or `< 0.001`. */
export const probability = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3));
