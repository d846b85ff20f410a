/**
 * Compares the last epochs of the same seeds on two devices. Seeds that differ only by rounding spread as other seeds do, so the
 * means of n seeds may differ by three times the deviation of such a difference, the seeds' deviation times the root of 2 / n.
 *
 * @param {readonly number[]} found test accuracies of a device, one a seed
 * @param {readonly number[]} expected those of the CPU
 * @returns {{passed: boolean, sentence: string}}
 */
export const compareSeeds = (found, expected) => {
	if (found.length !== expected.length || found.length < 2) {
		const sentence = `both should have the same seeds, 2 or more; got ${found.length} and ${expected.length}`;
		return {passed: false, sentence};
	}

	const [mean, reference] = [meanOf(found), meanOf(expected)];
	const squares = expected.reduce((sum, accuracy) => sum + (accuracy - reference) ** 2, 0);
	const deviation = Math.sqrt(squares / (expected.length - 1));
	const allowed = 3 * deviation * Math.sqrt(2 / expected.length);
	const difference = Math.abs(mean - reference);
	const passed = difference <= allowed; // false for NaN
	const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(2)} %`;
	const sentence =
		`test accuracy ${percent(mean)}, on the CPU ${percent(reference)}: a difference of ${percent(difference)}, ` +
		`at most ${percent(allowed)} allowed`;
	return {passed, sentence};
};

/** @param {readonly number[]} values */
const meanOf = values => values.reduce((sum, value) => sum + value, 0) / values.length;
