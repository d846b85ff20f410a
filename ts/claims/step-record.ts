import type {DataDescription} from '../data/data.js';
import type {Experiment} from '../experiment/experiment.js';
import type {Condition} from '../native/condition.js';
import type {Engine} from '../native/engine.js';
import type {ClassCounts} from '../statistics/classification.js';
import type {Preregistration} from './preregistration.js';

/** One epoch of one seed. Losses are means over samples. */
export type RecordedEpoch = {
	readonly seed: number;
	/** From 1. */
	readonly epoch: number;
	readonly learningRate: number;
	/** While training: augmented, with dropout, each batch with the weights before its step. */
	readonly trainLoss: number;
	readonly trainCorrect: number;
	readonly trainTotal: number;
	readonly testLoss: number;
	readonly testCorrect: number;
	readonly testTotal: number;
	/** Test images by class; kept where the target of the step or its ladder is on another metric than accuracy. */
	readonly testByClass?: ClassCounts | undefined;
	readonly seconds: number;
};

/** One seed, without its epochs. */
export type RecordedSeed = {
	readonly seed: number;
	readonly engine: Engine;
	readonly device: string;
	readonly threads: number;
	/** Training images that are right in evaluation mode, without augmentation, with the weights of the last epoch. */
	readonly trainCleanCorrect: number;
	readonly trainCleanTotal: number;
	readonly seconds: number;
	/** Time at which its run began; `null` in the first records, which do not have it. */
	readonly begun: string | null;
	/** Index into the record's conditions. */
	readonly condition: number;
};

/** Predictions for the test images with the last epoch's weights of a seed. */
export type RecordedAnswers = {
	readonly seed: number;
	/** The likeliest class of each image, each with as many digits as the last class needs. */
	readonly labels: string;
	/**
	 * The probability of that class for each mistake, by the image's index. The mistakes follow from `labels` and the test
	 * labels, and are saved so that a record can be read without its data.
	 */
	readonly mistakes: Readonly<Record<string, number>>;
	/** `undefined` in records of versions before it. */
	readonly evaluation?: RecordedEvaluation | undefined;
};

/** What the measures of predictions need beside the labels, so that they can be computed without the data. */
export type RecordedEvaluation = {
	/** The class of each misclassified image, by the image's index. */
	readonly expected: Readonly<Record<string, number>>;
	/** The rank of that class among all by their probability, from 2. */
	readonly ranks: Readonly<Record<string, number>>;
	/** For each bin of the calibration error: its predictions, those that are right, and the sum of their probabilities. */
	readonly calibration: ReadonlyArray<readonly [count: number, correct: number, confidence: number]>;
};

/** Seeds that were added to a record, before they were trained. */
export type AddedSeeds = {
	readonly seeds: readonly number[];
	/** Hash of the line of the ladder's ledger that notes it. */
	readonly line: string;
};

/** The record of a step: its preregistration, and the results of its seeds. */
export type StepRecord = {
	readonly preregistration: Preregistration;
	/** From the preregistration. */
	readonly step: string;
	/** From the preregistration. */
	readonly experiment: Experiment;
	/** From the preregistration. */
	readonly data: DataDescription;
	/** Hash of the last line of the ladder's ledger before the record was written; `undefined` in one from before there were ledgers. */
	readonly ledger?: string | undefined;
	/** Seeds that were added when the results of those before were known; left out if there are none. */
	readonly added?: readonly AddedSeeds[] | undefined;
	/** Number of parameters of the preregistered net. */
	readonly parameters: number;
	readonly conditions: readonly Condition[];
	readonly seeds: readonly RecordedSeed[];
	/** Every epoch of every seed, in order. */
	readonly epochs: readonly RecordedEpoch[];
	readonly answers: readonly RecordedAnswers[];
};

/** Formats labels as a record saves them. */
export const writeLabels = (labels: readonly number[], classes: number): string => {
	const digits = String(classes - 1).length;
	return labels.map(label => String(label).padStart(digits, '0')).join('');
};

/** Parses labels that {@link writeLabels} formatted. */
export const readLabels = (text: string, classes: number): number[] => {
	const digits = String(classes - 1).length;
	return Array.from({length: Math.ceil(text.length / digits)}, (_, image) =>
		Number(text.slice(image * digits, (image + 1) * digits)),
	);
};
