import type {TriedSetting} from '../experiment/settings.js';
import type {PairedDifference} from '../statistics/paired.js';
import type {Measured} from './measured.js';

/** Result of a trial. */
export type TrialSummary = {
	/** Its settings: `schedule.maxLearningRate 0.05`. */
	readonly name: string;
	readonly settings: readonly TriedSetting[];
	/** Number of parameters of its net. */
	readonly parameters: number;
	/** Held-out accuracy, the mean of the last five epochs; `undefined` if every seed diverged, or the trial was stopped. */
	readonly holdout: Measured | undefined;
	/** The sweep's objective, on the same runs: with `accuracy` the same as `holdout`. */
	readonly objective: Measured | undefined;
	/**
	 * The epoch after which successive halving ended the trial, and the value by which it was ranked then; `undefined` for a
	 * trial that went on to its end.
	 */
	readonly stopped: {readonly epoch: number; readonly value: number} | undefined;
	/** The objective on the fresh seeds of the finalists, for these and the unchanged step; else `undefined`. */
	readonly final: Measured | undefined;
	/** Seeds that diverged. */
	readonly diverged: readonly number[];
	/**
	 * Difference of the objective from the unchanged step, paired over seeds that diverged in neither: over the fresh seeds in a
	 * sweep with finalists, for these alone. `undefined` for that step, without such seeds, and for what is not tested.
	 */
	readonly difference: PairedDifference | undefined;
	/** The p-value of the difference, corrected by Holm for the number of trials, or of finalists; 1 without a difference. */
	readonly corrected: number;
	/** Whether this is below 5 %. */
	readonly significant: boolean;
};

/** A sweep as reasons and claims use it. */
export type SweepSummary = {
	readonly name: string;
	readonly step: string;
	readonly seeds: readonly number[];
	/** The measure by which trials are ranked: `accuracy`, or another one on the held-out images. */
	readonly objective: string;
	/** Whether a lower value of it is better. */
	readonly lowerIsBetter: boolean;
	/** The positions in `trials` of those that were run again on fresh seeds, the best of the search first; `undefined` if all are tested. */
	readonly finalists: readonly number[] | undefined;
	/** The fresh seeds; empty in a sweep without finalists. */
	readonly finalSeeds: readonly number[];
	/** Number of held-out images. */
	readonly holdout: number;
	readonly epochs: number;
	/** Number of trials with more parameters than the sweep's limit: of a grid left out, of a sample drawn again. */
	readonly tooLarge: number;
	/** The unchanged step. */
	readonly base: TrialSummary;
	/** The step with other settings. */
	readonly trials: readonly TrialSummary[];
};
