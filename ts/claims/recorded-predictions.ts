import {measurePredictions, type PredictionMeasures} from '../experiment/prediction-measures.js';
import {calibrationError} from '../statistics/calibration.js';
import {type RecordedAnswers, readLabels} from './step-record.js';

/** Returns the class of each test image; `undefined` in records that are older than `evaluation`. */
export const expectedLabels = (
	{labels, evaluation}: RecordedAnswers,
	classes: readonly string[],
): number[] | undefined =>
	evaluation && readLabels(labels, classes.length).map((label, image) => evaluation.expected[image] ?? label);

/**
 * Measures the recorded predictions of a seed.
 *
 * @param classes names of the classes
 * @param testLabels of the images, for records that are older than `evaluation` in them
 * @returns `undefined` for such a record without the labels; with them, without top-3 accuracy and calibration error
 */
export const measureAnswers = (
	answers: RecordedAnswers,
	classes: readonly string[],
	testLabels?: ArrayLike<number>,
): PredictionMeasures | undefined => {
	const {evaluation} = answers;
	const predictions = readLabels(answers.labels, classes.length);
	const labels = expectedLabels(answers, classes) ?? testLabels;
	if (!labels || !evaluation) {
		return labels && measurePredictions({labels, predictions}, classes);
	}

	const ranks = predictions.map((_, image) => evaluation.ranks[image] ?? 1);
	const bins = evaluation.calibration.map(([count, correct, confidence]) => ({count, correct, confidence}));
	return {...measurePredictions({labels, predictions, ranks}, classes), calibrationError: calibrationError(bins)};
};
