import type {DataDescription} from '../data/data.js';
import type {Experiment} from '../experiment/experiment.js';
import type {Condition} from '../native/condition.js';
import type {Engine} from '../native/engine.js';
import type {Preregistration} from './preregistration.js';

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
	readonly engine: Engine;
	readonly device: string;
	readonly threads: number;
	/** Of the training images in evaluation mode, unaugmented, by the weights of the last epoch. */
	readonly trainCleanCorrect: number;
	readonly trainCleanTotal: number;
	readonly seconds: number;
	/** When its run began; `null` for one of before this was kept. */
	readonly begun: string | null;
	/** Which of the record's conditions it ran under. */
	readonly condition: number;
};

/** What the last epoch's weights of a seed make of the test images. */
export type RecordedAnswers = {
	readonly seed: number;
	/** The likeliest class of each image, as many digits each as the last class takes. */
	readonly labels: string;
	/**
	 * The probability of that class, for the images that it is wrong about. Which these are follows from `labels` and the
	 * test labels; they are named so that a record can be read where its images are not.
	 */
	readonly mistakes: Readonly<Record<string, number>>;
};

/** All that is kept of a step: what was promised, and what was measured over seeds. */
export type StepRecord = {
	readonly preregistration: Preregistration;
	/** From the promise. */
	readonly step: string;
	/** From the promise. */
	readonly experiment: Experiment;
	/** From the promise. */
	readonly data: DataDescription;
	/** Counted on the net of the promise. */
	readonly parameters: number;
	readonly conditions: readonly Condition[];
	readonly seeds: readonly RecordedSeed[];
	/** Every epoch of every seed, in their order. */
	readonly epochs: readonly RecordedEpoch[];
	readonly answers: readonly RecordedAnswers[];
};

/** Labels as a record keeps them. */
export const writeLabels = (labels: readonly number[], classes: number): string => {
	const digits = String(classes - 1).length;
	return labels.map(label => String(label).padStart(digits, '0')).join('');
};

/** The label of each image, as {@link writeLabels} wrote them. */
export const readLabels = (text: string, classes: number): number[] => {
	const digits = String(classes - 1).length;
	return Array.from({length: Math.ceil(text.length / digits)}, (_, image) =>
		Number(text.slice(image * digits, (image + 1) * digits)),
	);
};
