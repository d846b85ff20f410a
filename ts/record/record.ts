import type {Experiment} from '../experiment/experiment.js';

/** One epoch of one seed, as it was measured. Losses are means over samples. */
export type RecordedEpoch = {
	readonly seed: number;
	/** 1 for the first. */
	readonly epoch: number;
	readonly learningRate: number;
	/** While learning: augmented, with dropout, each batch by the weights of its turn. */
	readonly trainLoss: number;
	readonly trainCorrect: number;
	readonly trainTotal: number;
	readonly testLoss: number;
	readonly testCorrect: number;
	readonly testTotal: number;
	readonly seconds: number;
};

/** What one seed came to beside its epochs. */
export type RecordedSeed = {
	readonly seed: number;
	readonly engine: string;
	readonly device: string;
	readonly threads: number;
	/** Of the training images in evaluation mode, unaugmented, by the weights of the last epoch. */
	readonly trainCleanCorrect: number;
	readonly trainCleanTotal: number;
	readonly seconds: number;
	/** Which of the record's conditions it ran under. */
	readonly condition: number;
};

/** Where seeds were run. */
export type Condition = {
	readonly versions: Readonly<Record<string, string>>;
	readonly machine: Readonly<Record<string, string | number | boolean>>;
};

/** What the last epoch's weights of a seed make of the test images. */
export type RecordedAnswers = {
	readonly seed: number;
	/** The likeliest class of each image, a digit each. */
	readonly labels: string;
	/** The probability of that class, for the images that it is wrong about. */
	readonly mistakes: Readonly<Record<string, number>>;
};

/** All that is kept of a step: its resolved experiment, and what was measured over seeds on MNIST. */
export type StepRecord = {
	readonly step: string;
	readonly parameters: number;
	readonly experiment: Experiment;
	readonly conditions: readonly Condition[];
	readonly seeds: readonly RecordedSeed[];
	/** Every epoch of every seed, in their order. */
	readonly epochs: readonly RecordedEpoch[];
	readonly answers: readonly RecordedAnswers[];
};
