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
	/** Held-out accuracy, the mean of the last five epochs; `undefined` if every seed diverged. */
	readonly holdout: Measured | undefined;
	/** Seeds that diverged. */
	readonly diverged: readonly number[];
	/** From the unchanged step, paired over seeds that diverged in neither; `undefined` for that step and without such seeds. */
	readonly difference: PairedDifference | undefined;
	/** The p-value of the difference, corrected by Holm for the number of trials; 1 without a difference. */
	readonly corrected: number;
	/** Whether this is below 5 %. */
	readonly significant: boolean;
};

/** A sweep as reasons and claims use it. */
export type SweepSummary = {
	readonly name: string;
	readonly step: string;
	readonly seeds: readonly number[];
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
