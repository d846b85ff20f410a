import type {DataDescription} from '../data/data.js';
import type {Experiment} from '../experiment/experiment.js';
import type {ImageSelection} from '../native/binding.js';
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
	/** The limit of a trial's parameters, besides the step's own; `undefined` for none. */
	readonly maxParameters?: number | undefined;
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
