import type {MeasuredClass} from '../claims/measured-predictions.js';
import {type PredictionMeasure, predictionMeasures} from '../experiment/measures.js';
import {fixed, roundInterval} from '../format/figures.js';

/** A fraction over seeds; without finite bounds for a single one. */
type Estimate = {readonly mean: number; readonly low?: number | undefined; readonly high?: number | undefined};

/** Precision, recall and F1 of a class over seeds. */
type ClassRow = {readonly [K in 'precision' | 'recall' | 'f1']: Estimate} & Pick<MeasuredClass, 'class' | 'count'>;

/** Formats a fraction over seeds in percent, rounded down as accuracies are, with its 95 % interval: `93.10 (91.02 to 95.18)`. */
export const estimateCell = (estimate: Estimate): string => {
	const {mean, interval} = inPercent(estimate, value => Math.floor(value + 1e-9));
	return interval === undefined ? mean : `${mean} (${interval})`;
};

/** Rounds a fraction over seeds and its interval, which a single seed does not have. */
const inPercent = ({mean, low, high}: Estimate, round: (value: number) => number) => {
	if (low === undefined || high === undefined || !Number.isFinite(low)) {
		return {mean: fixed(round(10_000 * mean) / 100, 2), interval: undefined};
	}

	const rounded = roundInterval({mean, low, high}, round);
	// Student's t has no bounds, and a fraction has.
	const from = Number(rounded.low) < 0 ? '0.00' : rounded.low;
	const to = Number(rounded.high) > 100 ? '100.00' : rounded.high;
	return {mean: rounded.mean, interval: `${from} to ${to}`};
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

/** Formats the measures of the last epoch's predictions; empty for images of unknown classes. */
export const predictionsSentence = (measures: {readonly [M in PredictionMeasure]?: Estimate | undefined}): string => {
	const phrases = predictionMeasures.flatMap(name => {
		const found = measures[name];
		return found ? [`${names[name]} ${measurePhrase(found, name)}`] : [];
	});
	return phrases.length === 0 ? '' : `After the last epoch: ${phrases.join('; ')}.`;
};

const measurePhrase = (found: Estimate, name: PredictionMeasure): string => {
	// An accuracy is rounded down, so that it does not look better than it is; an error is rounded to the nearest.
	const round = name === 'calibrationError' ? Math.round : (value: number) => Math.floor(value + 1e-9);
	const {mean, interval} = inPercent(found, round);
	return interval === undefined ? `${mean} %` : `${mean} % (95 % interval ${interval})`;
};
