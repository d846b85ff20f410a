import type {TriedSetting} from '../experiment/settings.js';
import type {PairedDifference} from '../statistics/paired.js';
import type {Spread} from '../statistics/spread.js';

/** What a trial came to. */
export type TrialSummary = {
	/** In words: `schedule.maxLearningRate 0.05`. */
	readonly name: string;
	readonly settings: readonly TriedSetting[];
	/** Accuracy on the images kept aside, the mean of the last five epochs; nothing where every seed diverged. */
	readonly holdout: (Spread & {readonly bySeed: ReadonlyMap<number, number>}) | undefined;
	/** Seeds that diverged. */
	readonly diverged: readonly number[];
	/** From the step as it is, paired over seeds that diverged with neither; nothing for that itself, and without such seeds. */
	readonly difference: PairedDifference | undefined;
	/** The test's probability, corrected by Holm for how many were tried; 1 where there is none. */
	readonly corrected: number;
	/** Whether this is below 5 %. */
	readonly significant: boolean;
};

/** A sweep as targets see it. */
export type SweepSummary = {
	readonly name: string;
	readonly step: string;
	readonly seeds: readonly number[];
	/** Training images that were kept aside. */
	readonly holdout: number;
	readonly epochs: number;
	/** The step as it is. */
	readonly base: TrialSummary;
	/** What was tried beside it. */
	readonly trials: readonly TrialSummary[];
};
