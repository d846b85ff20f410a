/** Number of equal-width bins of the confidence, as in Guo et al. 2017 (On Calibration of Modern Neural Networks). */
export const calibrationBins = 15;

/** Predictions whose confidence lies in one bin, `(index / 15, (index + 1) / 15]`. */
export type CalibrationBin = {
	readonly count: number;
	readonly correct: number;
	/** Sum of the probabilities of the predicted classes. */
	readonly confidence: number;
};

/** Returns the bin of a probability; 0 lies in the first. */
export const binOf = (probability: number): number => {
	const upper = Math.max(1, Math.ceil(probability * calibrationBins));
	// The product may round across a border, which is the quotient, as in the bins of a linspace.
	const bin =
		probability > upper / calibrationBins
			? upper + 1
			: probability <= (upper - 1) / calibrationBins
				? upper - 1
				: upper;
	return Math.min(Math.max(bin, 1), calibrationBins) - 1;
};

/**
 * Computes the expected calibration error: the mean over all predictions of the distance between the accuracy and the mean
 * confidence of their bin. 0 is perfect, 1 the most.
 */
export const calibrationError = (bins: readonly CalibrationBin[]): number => {
	const total = bins.reduce((sum, {count}) => sum + count, 0);
	return bins.reduce((sum, {correct, confidence}) => sum + Math.abs(correct - confidence), 0) / total;
};
