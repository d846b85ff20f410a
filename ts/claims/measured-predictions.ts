import {type PredictionMeasure, predictionMeasures} from '../experiment/measures.js';
import type {PredictionMeasures} from '../experiment/prediction-measures.js';
import {type Measured, measured} from './measured.js';

/** A class of the test images over seeds, after the last epoch. */
export type MeasuredClass = {
	readonly class: string;
	/** Number of its images. */
	readonly count: number;
	/** Fraction of the images predicted as this class that are of it; 0 where none is predicted. */
	readonly precision: Measured;
	/** Fraction of its images that are predicted as it; 0 without images. */
	readonly recall: Measured;
	/** Harmonic mean of precision and recall. */
	readonly f1: Measured;
};

/** The predictions of the last epoch over seeds. */
export type MeasuredPredictions = {
	/** By class, in the order of their labels. */
	readonly perClass: readonly MeasuredClass[];
} & {readonly [M in PredictionMeasure]?: Measured | undefined};

/** Summarizes the measures of each seed's predictions; `undefined` without a seed. */
export const measurePredictionsOverSeeds = (
	bySeed: ReadonlyMap<number, PredictionMeasures>,
): MeasuredPredictions | undefined => {
	const seeds = [...bySeed];
	const [first] = seeds.map(([, {perClass}]) => perClass).toSorted((a, b) => b.length - a.length);
	if (!first) {
		return undefined;
	}

	const over = (value: (measures: PredictionMeasures) => number): Measured =>
		measured(new Map(seeds.map(([seed, measures]) => [seed, value(measures)])));
	const ofAll = predictionMeasures.filter(name => seeds.every(([, measures]) => measures[name] !== undefined));
	return {
		...Object.fromEntries(ofAll.map(name => [name, over(measures => measures[name] ?? 0)])),
		perClass: first.map(({class: name, count}, label) => {
			const ofClass = (figure: 'precision' | 'recall' | 'f1'): Measured =>
				over(({perClass}) => perClass[label]?.[figure] ?? 0);
			return {class: name, count, precision: ofClass('precision'), recall: ofClass('recall'), f1: ofClass('f1')};
		}),
	};
};
