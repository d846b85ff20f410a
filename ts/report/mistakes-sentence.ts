/**
 * Says how many test images are misclassified.
 *
 * @param wrong number misclassified by at least one seed
 * @param always number misclassified by every seed
 * @param images number of test images
 * @param seeds number of seeds
 */
export const mistakesSentence = (wrong: number, always: number, images: number, seeds: number): string => {
	const sentence = `${wrong.toLocaleString('en')} of ${images.toLocaleString('en')} test images are misclassified`;
	return seeds === 1
		? `${sentence}.`
		: `${sentence} by at least one of ${seeds} seeds, ${always.toLocaleString('en')} by all.`;
};
