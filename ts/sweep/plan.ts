import type {DataDescription} from '../data/data.js';
import type {Experiment} from '../experiment/experiment.js';
import type {ImageSelection} from '../native/binding.js';
import type {ObjectiveName} from './objective.js';
import type {PlannedSetting} from './varied.js';

/** The plan of a sweep: settings, data and seeds. */
export type SweepPlan = {
	readonly step: string;
	/** The unchanged step's, the baseline of the trials. */
	readonly experiment: Experiment;
	readonly data: DataDescription;
	readonly vary: readonly PlannedSetting[];
	/** The number of trials to draw at random, and the seed of the draw; `null` for the whole grid. */
	readonly sample: {readonly count: number; readonly draw: number} | null;
	/** The limit of a trial's parameters; `undefined` in sweeps of earlier versions that were given none, and failed above the step's. */
	readonly maxParameters?: number | undefined;
	/** The measure by which trials are ranked; `undefined` for accuracy. */
	readonly objective?: ObjectiveName | undefined;
	/**
	 * The factor of successive halving: after each rung one trial in so many goes on, each rung has so many times the epochs of the
	 * one before. `undefined` if all trials are trained to their end.
	 */
	readonly halving?: number | undefined;
	/**
	 * The search that proposes trials from the results of earlier ones: after `startup` random draws, `round` at once. `undefined`
	 * for random draws and a grid.
	 */
	readonly search?: {readonly kind: 'tpe'; readonly startup: number; readonly round: number} | undefined;
	/** The number of best trials that are run again, and on which seeds; only these are tested. `undefined` if all trials are. */
	readonly finalists?: {readonly count: number; readonly seeds: readonly number[]} | undefined;
	/** The time after which no more trials are drawn, so that those begun end in it, in seconds; `undefined` for none. */
	readonly budget?: number | undefined;
	readonly seeds: readonly number[];
	/** Number of held-out images: of the data's validation set, if they have one, else of training images. */
	readonly holdout: number;
	/** Number of training images to use, held-out ones among them; `null` for all. */
	readonly limitTrain: number | null;
	/**
	 * The seed by which these were drawn from each class. `undefined` if none were, and in sweeps from before there was a draw,
	 * which took the first training images and held out the last of these.
	 */
	readonly drawSeed?: number | undefined;
};

/** Returns which images the runs of a sweep select. */
export const selectionOf = ({data, holdout, limitTrain, drawSeed}: SweepPlan): ImageSelection => ({
	judgeTest: false,
	...(data.validation === undefined && {holdout}),
	...(limitTrain !== null && {limitTrain}),
	...(drawSeed !== undefined && {drawSeed}),
});

/** Returns the number of images that the runs of a sweep train on. */
export const trainedOn = ({data, limitTrain, holdout}: SweepPlan): number =>
	Math.min(limitTrain ?? data.train, data.train) - (data.validation === undefined ? holdout : 0);
