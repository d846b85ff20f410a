/**
 * How many test images are misclassified.
 *
 * @param wrong by at least one seed
 * @param always by every seed
 */
export const mistakesSentence = (wrong: number, always: number, images: number, seeds: number): string => {
	const some = `${wrong.toLocaleString('en')} of ${images.toLocaleString('en')} test images are misclassified`;
	return seeds === 1 ? `${some}.` : `${some} by at least one of ${seeds} seeds, ${always.toLocaleString('en')} by all.`;
};
