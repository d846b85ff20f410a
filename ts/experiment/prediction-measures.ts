import {type Classification, type ClassMeasures, classificationMeasures} from '../statistics/classification.js';

/** The measures of one seed's predictions of the test images, after the last epoch. All are fractions. */
export type PredictionMeasures = {
	readonly accuracy: number;
	/** Mean recall over the classes that have images. */
	readonly balancedAccuracy: number;
	/** Mean F1 over the classes that have images or are predicted. */
	readonly macroF1: number;
	/** Fraction of the images whose class is among the three likeliest; missing for three classes or fewer. */
	readonly top3?: number;
	/** Expected calibration error over 15 bins of equal width (Guo et al. 2017). */
	readonly calibrationError?: number;
	/** Images of each class (row) by predicted class (column). */
	readonly confusion: readonly (readonly number[])[];
	/** By class, in the order of their labels. */
	readonly perClass: ReadonlyArray<ClassMeasures & {readonly class: string}>;
};

/**
 * Computes the measures of predictions.
 *
 * @param names of the classes of the data; a net may have more, of which those that it predicts are counted too
 */
export const measurePredictions = (
	predicted: Omit<Classification, 'classes'>,
	names: readonly string[],
): PredictionMeasures => {
	const classes = Array.from(predicted.predictions).reduce((most, label) => Math.max(most, label + 1), names.length);
	const {majority: _, perClass, ...measures} = classificationMeasures({...predicted, classes});
	return {
		...measures,
		perClass: perClass.map((measures, label) => ({class: names[label] ?? String(label), ...measures})),
	};
};

/**
 * Returns the label that is predicted for every image; `undefined` if there are several, or all images are of that class.
 *
 * @param correct number of images that are predicted correctly
 */
export const constantLabel = (predictions: ArrayLike<number>, correct: number): number | undefined => {
	const first = predictions[0];
	const isConstant = correct < predictions.length && Array.from(predictions).every(label => label === first);
	return isConstant ? first : undefined;
};
