import type {Goal} from '../experiment/goal.js';
import type {Engine} from '../native/engine.js';

/** Settings and data of a seed have been judged, and its first batch is under way. */
export type StartEvent = {
	readonly type: 'start';
	readonly step: string;
	readonly seed: number;
	/** What computes the gradients. */
	readonly engine: Engine;
	/** Epochs that a checkpoint brought along; their events follow. */
	readonly epochsDone: number;
	/** Where its files are; nowhere unless `out` was given. */
	readonly folder: string | undefined;
};

/** How an epoch goes so far. Of several in a row that nobody has read, the last is kept. */
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
	/** Samples of the epoch that were answered correctly when their turn came. */
	readonly correct: number;
	/** Samples of the epoch so far. */
	readonly seen: number;
};

/** What an epoch came to. Losses are means over samples, accuracies can be read from the counts. */
export type EpochEvent = {
	readonly type: 'epoch';
	readonly step: string;
	readonly seed: number;
	/** 1 for the first. */
	readonly epoch: number;
	readonly epochs: number;
	/** Of the epoch's last step. */
	readonly learningRate: number;
	/** While learning: augmented, with dropout, each batch by the weights of its turn. */
	readonly trainLoss: number;
	readonly trainCorrect: number;
	readonly trainTotal: number;
	/** On the training images that were kept aside, where there are any. */
	readonly holdoutLoss?: number;
	readonly holdoutCorrect?: number;
	readonly holdoutTotal?: number;
	readonly testLoss: number;
	readonly testCorrect: number;
	readonly testTotal: number;
	/** Wall-clock time, evaluation included. */
	readonly seconds: number;
};

/** A seed has run to its end. */
export type SeedEvent = {
	readonly type: 'seed';
	readonly step: string;
	/** Where its files are; nowhere unless `out` was given. */
	readonly folder: string | undefined;
} & SeedResult;

export type TrainEvent = StartEvent | BatchEvent | EpochEvent | SeedEvent;

/** What one seed came to. */
export type SeedResult = {
	readonly seed: number;
	/** Test accuracy of the last epochs, as many as the target asks to hold. */
	readonly lastEpochs: readonly number[];
	/** Accuracy in the same epochs on the training images that were kept aside, where there are any. */
	readonly lastHoldout?: readonly number[];
	/** Of the training images in evaluation mode, unaugmented, after the last epoch. */
	readonly trainCleanCorrect: number;
	/** Whether each of the last epochs was at or above the target; false where there were fewer epochs. */
	readonly held: boolean;
};

/** What a step came to over its seeds. */
export type TrainResult = {
	readonly type: 'result';
	readonly step: string;
	/** What computed the gradients. */
	readonly engine: Engine;
	readonly parameters: number;
	readonly target: Goal;
	readonly seeds: readonly SeedResult[];
	readonly held: {readonly count: number; readonly of: number};
	/** Wall-clock time of all seeds. */
	readonly seconds: number;
};
