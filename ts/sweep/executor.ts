import type {Data} from '../data/data.js';
import type {Condition} from '../native/condition.js';
import type {SweepPlan} from './plan.js';
import type {TrialFolder} from './trial-folder.js';
import type {Trial} from './trials.js';

/** A run of a sweep: one seed of a trial, in a folder of its own. */
export type PlannedRun = {
	readonly trial: Trial;
	/** Index of the trial in the plan; 0 for the unchanged step. */
	readonly index: number;
	readonly seed: number;
	readonly folder: TrialFolder;
	/**
	 * The epoch after which the run is stopped. Its checkpoint and its result so far are kept, so that a later list can have it
	 * again, with a later epoch or without one: it is resumed to the bits of a run that was never stopped.
	 *
	 * @default none: it is trained to its end
	 */
	readonly until?: number | undefined;
};

/** What the runs of a sweep have in common. */
export type SharedSettings = {
	readonly plan: SweepPlan;
	readonly data: Data;
	/** The folder of the ladder, from which an experiment's files of weights are located. */
	readonly ladder: string;
	/** The condition of runs that are trained now. */
	readonly condition: Condition;
	/** The folder of the sweep's events for TensorBoard, if there are to be any. */
	readonly events?: string | undefined;
};

/** Progress of a list of runs. */
export type RunProgress =
	/** Once for each list, before any of its runs: those that were finished before. */
	| {readonly type: 'found'; readonly runs: readonly PlannedRun[]}
	/** A run begins or is resumed, has finished an epoch, or has finished. One that is resumed has its earlier epochs again. */
	| {
			readonly type: 'begun' | 'epoch' | 'finished';
			readonly run: PlannedRun;
			/** Finished epochs. */
			readonly epoch: number;
			/** Correct answers on the held-out images after the last of these epochs; `undefined` before the first. */
			readonly holdoutCorrect: number | undefined;
			readonly diverged: boolean;
	  };

/** Trains the runs of a sweep: here, or elsewhere. */
export type Executor = {
	/**
	 * Trains those runs of a list that are unfinished, and settles once all are finished: the results are in their folders. A
	 * list may depend on the results of those before.
	 *
	 * @throws {AbortError}
	 */
	readonly train: (runs: readonly PlannedRun[], emit: (progress: RunProgress) => void) => Promise<void>;
	/** Ends the exclusive use of the folders of all lists. */
	readonly release: () => void;
};
