import type {MeasuredClass} from '../claims/measured-predictions.js';
import {type PredictionMeasure, predictionMeasures} from '../experiment/measures.js';
import {fixed, percent, roundInterval} from '../format/figures.js';

/** A fraction over seeds; without finite bounds for a single one. */
type Estimate = {readonly mean: number; readonly low?: number | undefined; readonly high?: number | undefined};

/** Precision, recall and F1 of a class over seeds. */
type ClassRow = {readonly [K in 'precision' | 'recall' | 'f1']: Estimate} & Pick<MeasuredClass, 'class' | 'count'>;

/** Formats a fraction over seeds in percent with its 95 % interval, rounded down as accuracies are: `93.10 (91.02 to 95.18)`. */
export const estimateCell = ({mean, low, high}: Estimate): string => {
	if (low === undefined || high === undefined || !Number.isFinite(low)) {
		return percent(mean);
	}

	const rounded = roundInterval({mean, low, high}, value => Math.floor(value + 1e-9));
	// Student's t has no bounds, and a fraction has.
	const [from, to] = [
		Number(rounded.low) < 0 ? '0.00' : rounded.low,
		Number(rounded.high) > 100 ? '100.00' : rounded.high,
	];
	return `${rounded.mean} (${from} to ${to})`;
};

/** Columns that a narrow screen leaves out, in this order. */
export const spareClassColumns = ['Precision %', 'Images'];

/** Returns the table of precision, recall and F1 by class. */
export const classTable = (rows: readonly ClassRow[]) => ({
	head: ['Class', 'Images', 'Precision %', 'Recall %', 'F1 %'],
	body: rows.map(({class: name, count, precision, recall, f1}) => [
		...[name, count.toLocaleString('en')],
		...(count === 0 ? [estimateCell(precision), '-', '-'] : [precision, recall, f1].map(estimateCell)),
	]),
});

/** Explains the table. */
export const byClassNote =
	'Of the predictions after the last epoch: means over seeds with 95 % intervals, in percent, rounded down.';

const names: Readonly<Record<PredictionMeasure, string>> = {
	balancedAccuracy: 'balanced accuracy',
	macroF1: 'macro F1',
	top3: 'top-3 accuracy',
	calibrationError: 'expected calibration error',
};

/** Formats the measures of the last epoch's predictions: `balanced accuracy 91.02 %, macro F1 ...`; empty without any. */
export const predictionsPhrase = (measures: {readonly [M in PredictionMeasure]?: Estimate | undefined}): string =>
	predictionMeasures
		.flatMap(name => {
			const found = measures[name];
			const isError = name === 'calibrationError';
			return found ? [`${names[name]} ${isError ? fixed(100 * found.mean, 2) : estimateCell(found)} %`] : [];
		})
		.join(', ');

/** Says that the figures are those of the last epoch; empty for seeds whose images have unknown classes. */
export const predictionsSentence = (measures: Parameters<typeof predictionsPhrase>[0]): string => {
	const phrase = predictionsPhrase(measures);
	return phrase === '' ? '' : `After the last epoch: ${phrase}.`;
};
