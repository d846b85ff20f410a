import type {Goal} from '../experiment/goal.js';
import type {ConstantAnswer} from '../experiment/metric.js';
import type {PredictionMeasures} from '../experiment/prediction-measures.js';
import type {Engine} from '../native/engine.js';
import type {ClassCounts} from '../statistics/classification.js';

/** The tensors of a file that became weights of a net, and the others. */
export type LoadedWeights = {
	/** The file's, in hex. */
	readonly sha256: string;
	/** Number of tensors with the name and the shape of one of the net. */
	readonly loaded: number;
	/** The net's other tensors, which were initialised as without a file. */
	readonly fresh: readonly string[];
	/** The file's other tensors. */
	readonly unused: readonly string[];
};

/** Settings and data of a seed have been checked, and its first batch is under way. */
export type StartEvent = {
	readonly type: 'start';
	readonly step: string;
	readonly seed: number;
	/** The engine that computes the gradients. */
	readonly engine: Engine;
	/** Number of epochs in the checkpoint; their events follow. */
	readonly epochsDone: number;
	/** The folder with its files; `undefined` without `out`. */
	readonly folder: string | undefined;
	/** Names of classes without an image; left out if each class has one everywhere. */
	readonly missingClasses?: MissingClasses;
	/** The tensors of the file that training started from, and those that did not match; left out if weights were drawn. */
	readonly loaded?: LoadedWeights;
	/** Sentences about settings that can't do their work with so few images; left out if there are none. */
	readonly hints?: readonly string[];
};

/** The classes that a part of the images lacks, after limits; only parts that lack some. */
export type MissingClasses = {
	/** Among the images to train on. */
	readonly train?: readonly string[];
	/** Among the held-out images. */
	readonly holdout?: readonly string[];
	/** Among the test images. */
	readonly test?: readonly string[];
};

/** Progress within an epoch. Of several unread in a row, the last is kept. */
export type BatchEvent = {
	readonly type: 'batch';
	readonly step: string;
	readonly seed: number;
	/** 1 for the first. */
	readonly epoch: number;
	readonly epochs: number;
	/** 0 for the first of its epoch. */
	readonly batch: number;
	readonly batches: number;
	readonly learningRate: number;
	/** Mean loss of the batch. */
	readonly loss: number;
	/** Samples of the epoch so far that were classified correctly in their batch. */
	readonly correct: number;
	/** Samples of the epoch so far. */
	readonly seen: number;
};

/** The outcome of an epoch. Losses are means over samples; accuracies follow from the counts. */
export type EpochEvent = {
	readonly type: 'epoch';
	readonly step: string;
	readonly seed: number;
	/** 1 for the first. */
	readonly epoch: number;
	readonly epochs: number;
	/** Of the epoch's last batch. */
	readonly learningRate: number;
	/** In training mode: augmented, with dropout, each batch with the weights at its time. */
	readonly trainLoss: number;
	/** Of images that are mixed, by the label with the larger share. */
	readonly trainCorrect: number;
	readonly trainTotal: number;
	/** On the held-out images, if any. */
	readonly holdoutLoss?: number;
	readonly holdoutCorrect?: number;
	readonly holdoutTotal?: number;
	readonly testLoss: number;
	readonly testCorrect: number;
	readonly testTotal: number;
	/** Test images by class: of each, predicted as each, and both; missing in runs of older versions. */
	readonly testByClass?: ClassCounts;
	/** Wall-clock time, evaluation included. */
	readonly seconds: number;
};

/** A seed has finished. */
export type SeedEvent = {
	readonly type: 'seed';
	readonly step: string;
	/** The folder with its files; `undefined` without `out`. */
	readonly folder: string | undefined;
} & SeedResult;

export type TrainEvent = StartEvent | BatchEvent | EpochEvent | SeedEvent;

/** The outcome of one seed. */
export type SeedResult = {
	readonly seed: number;
	/** Test accuracy of the last epochs, as many as the target has to be held for. */
	readonly lastEpochs: readonly number[];
	/** Accuracy on the held-out images in the same epochs, if any. */
	readonly lastHoldout?: readonly number[];
	/** Training images classified correctly in evaluation mode, unaugmented, after the last epoch. */
	readonly trainCleanCorrect: number;
	/** The metric of the target in the same epochs, if that is not accuracy. */
	readonly lastValues?: readonly number[];
	/** The class that the last epoch predicts for every test image, although there are images of others. */
	readonly constant?: string;
	/**
	 * Whether each of the last epochs reached the target; false if there were fewer epochs, and for a model that predicts one
	 * class for every image.
	 */
	readonly held: boolean;
	/** The measures of the last epoch's predictions; missing in runs of older versions. */
	readonly measures?: PredictionMeasures;
};

/** Predictions for the test images with the weights of the last epoch, in the order of the images. */
export type Answers = {
	/** The likeliest class of each. */
	readonly labels: readonly number[];
	/** Its probability. */
	readonly probabilities: readonly number[];
	/** The class of each image; missing in runs of older versions, as `ranks` is. */
	readonly expected?: readonly number[];
	/** The rank of that class among all by their probability, 1 for the likeliest. */
	readonly ranks?: readonly number[];
	/** The index of each image in the test set, where `limitTest` drew some; left out for those from the first. */
	readonly images?: readonly number[];
};

/** A mean over seeds, with its 95 % interval if there are at least two. */
export type EstimateOverSeeds = {
	readonly mean: number;
	readonly low: number | undefined;
	readonly high: number | undefined;
};

/** The measures of the last epoch's predictions over seeds. */
export type TrainMeasures = {
	readonly balancedAccuracy: EstimateOverSeeds;
	readonly macroF1: EstimateOverSeeds;
	/** Missing for three classes or fewer. */
	readonly top3?: EstimateOverSeeds;
	readonly calibrationError: EstimateOverSeeds;
	readonly perClass: ReadonlyArray<{
		readonly class: string;
		readonly count: number;
		readonly precision: EstimateOverSeeds;
		readonly recall: EstimateOverSeeds;
		readonly f1: EstimateOverSeeds;
	}>;
};

/** The outcome of a step over its seeds. */
export type TrainResult = {
	readonly type: 'result';
	readonly step: string;
	/** The engine that computed the gradients. */
	readonly engine: Engine;
	readonly parameters: number;
	readonly target: Goal;
	readonly seeds: readonly SeedResult[];
	readonly held: {readonly count: number; readonly of: number};
	/**
	 * The measures of the last epoch's predictions; `undefined` if a seed has finished with an older version, as are the two
	 * below.
	 */
	readonly measures: TrainMeasures | undefined;
	/** Always predicting the most common class: its value of the target's metric. */
	readonly constantAnswer: ConstantAnswer | undefined;
	/** Whether that reaches the target, so that reaching it shows no learning. */
	readonly trivial: boolean | undefined;
	/** Wall-clock time of all seeds. */
	readonly seconds: number;
};
