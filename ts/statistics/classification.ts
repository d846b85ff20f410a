import {binOf, type CalibrationBin, calibrationBins, calibrationError} from './calibration.js';

/** Precision, recall and F1 of one class. Undefined ones are 0, as with scikit-learn's `zero_division=0`. */
export type ClassMeasures = {
	/** Number of images of the class. */
	readonly count: number;
	/** Fraction of the images predicted as this class that are of it; 0 where no image is. */
	readonly precision: number;
	/** Fraction of the images of the class that are predicted as it; 0 for a class without images. */
	readonly recall: number;
	/** Harmonic mean of precision and recall; 0 where both are. */
	readonly f1: number;
};

/** Counts of images by class. Each list has an entry a class. */
export type ClassCounts = {
	/** Images of the class. */
	readonly count: readonly number[];
	/** Images predicted as the class. */
	readonly predicted: readonly number[];
	/** Images of the class that are predicted as it. */
	readonly correct: readonly number[];
};

/** The measures that follow from counts by class. */
export type CountMeasures = {
	/** Fraction of the images whose prediction is right. */
	readonly accuracy: number;
	/** Mean recall over the classes that have images. */
	readonly balancedAccuracy: number;
	/** Mean F1 over the classes that have images or are predicted. */
	readonly macroF1: number;
	/** The class with most images (the first of several), and the accuracy of always predicting it. */
	readonly majority: {readonly label: number; readonly accuracy: number};
	readonly perClass: readonly ClassMeasures[];
};

/** The measures that follow from a confusion matrix. */
export type ConfusionMeasures = CountMeasures & {
	/** Images of each class (row) by predicted class (column). */
	readonly confusion: readonly (readonly number[])[];
};

/** The measures of one model's predictions. All are fractions, defined as in scikit-learn. */
export type ClassificationMeasures = ConfusionMeasures & {
	/** Fraction of the images whose class is among the three likeliest; `undefined` without ranks, and for three classes or fewer. */
	readonly top3?: number;
	/** Expected calibration error over 15 bins of equal width ({@link calibrationError}); `undefined` without probabilities. */
	readonly calibrationError?: number;
};

/** Predictions for images. The arrays have an entry an image. */
export type Classification = {
	/** The class of each image, from 0. */
	readonly labels: ArrayLike<number>;
	/** The predicted class of each image. */
	readonly predictions: ArrayLike<number>;
	/** The probability of the predicted class. */
	readonly probabilities?: ArrayLike<number> | undefined;
	/** The rank of the image's own class among all classes by their probability, 1 for the likeliest. */
	readonly ranks?: ArrayLike<number> | undefined;
	/** Number of classes. Labels and predictions lie below it. */
	readonly classes: number;
};

/** Counts the images of each class (row) by predicted class (column). */
export const confusionOf = ({
	labels,
	predictions,
	classes,
}: Pick<Classification, 'labels' | 'predictions' | 'classes'>): number[][] => {
	const confusion = Array.from({length: classes}, () => new Array<number>(classes).fill(0));
	for (let image = 0; image < labels.length; image += 1) {
		const row = confusion[labels[image] ?? -1];
		const predicted = predictions[image] ?? -1;
		if (row?.[predicted] === undefined) {
			throw new RangeError(
				`image ${image} has class ${labels[image]} and prediction ${predicted}, with ${classes} classes`,
			);
		}

		row[predicted] += 1;
	}

	return confusion;
};

/** Counts images by class, from a confusion matrix. */
const countsOf = (confusion: readonly (readonly number[])[]): ClassCounts => ({
	count: confusion.map(row => sum(row)),
	predicted: confusion.map((_, label) => sum(confusion.map(row => row[label] ?? 0))),
	correct: confusion.map((row, label) => row[label] ?? 0),
});

/** Computes the measures of counts of at least one image. */
export const measuresOfCounts = ({count: counts, predicted: predictions, correct}: ClassCounts): CountMeasures => {
	const classes = counts.map((count, label) => {
		const [predicted, right] = [predictions[label] ?? 0, correct[label] ?? 0];
		return {
			count,
			predicted,
			precision: ratio(right, predicted),
			recall: ratio(right, count),
			f1: ratio(2 * right, count + predicted),
		};
	});
	const [total, most] = [sum(counts), Math.max(...counts)];
	return {
		accuracy: sum(correct) / total,
		balancedAccuracy: mean(classes.flatMap(({count, recall}) => (count > 0 ? [recall] : []))),
		macroF1: mean(classes.flatMap(({count, predicted, f1}) => (count + predicted > 0 ? [f1] : []))),
		majority: {label: counts.indexOf(most), accuracy: most / total},
		perClass: classes.map(({count, precision, recall, f1}) => ({count, precision, recall, f1})),
	};
};

/** Computes the measures of a confusion matrix with at least one image. */
export const measuresOfConfusion = (confusion: readonly (readonly number[])[]): ConfusionMeasures => ({
	...measuresOfCounts(countsOf(confusion)),
	confusion,
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** Computes the measures of predictions for at least one image. */
export const classificationMeasures = (of: Classification): ClassificationMeasures => {
	const {labels, predictions, probabilities, ranks, classes} = of;
	return {
		...measuresOfConfusion(confusionOf(of)),
		...(ranks && classes > 3 && {top3: Array.from(ranks).filter(rank => rank <= 3).length / ranks.length}),
		...(probabilities && {calibrationError: calibrationError(binsOf(labels, predictions, probabilities))}),
	};
};

/** Sorts predictions into the bins of {@link calibrationError}. */
export const binsOf = (
	labels: ArrayLike<number>,
	predictions: ArrayLike<number>,
	probabilities: ArrayLike<number>,
): CalibrationBin[] => {
	const bins = Array.from({length: calibrationBins}, () => ({count: 0, correct: 0, confidence: 0}));
	for (const [image, probability] of Array.from(probabilities).entries()) {
		const bin = bins[binOf(probability)];
		if (bin) {
			bin.count += 1;
			bin.correct += labels[image] === predictions[image] ? 1 : 0;
			bin.confidence += probability;
		}
	}

	return bins;
};
