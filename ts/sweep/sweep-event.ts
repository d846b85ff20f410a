/** Progress of a sweep. */
export type SweepEvent = {
	/** A seed of a trial begins or is resumed, has finished an epoch, or has finished. */
	readonly type: 'begun' | 'epoch' | 'finished';
	/** The trial's settings: `schedule.maxLearningRate 0.05`. */
	readonly trial: string;
	readonly seed: number;
	/** Finished epochs; fewer than `epochs` if the seed diverged. */
	readonly epoch: number;
	/** The epoch after which the run is stopped, or its last. */
	readonly epochs: number;
	/** Accuracy on the held-out images after the last of these epochs; `undefined` before the first. */
	readonly holdoutAccuracy: number | undefined;
	/** Whether the loss became infinite or NaN. */
	readonly diverged: boolean;
	/** Finished runs, with those of earlier commands; a run counts each time that it is stopped or finished. */
	readonly done: number;
	readonly of: number;
	/** Finished epochs of the whole sweep, with those of earlier commands, and all that are planned. */
	readonly epochsDone: number;
	readonly epochsOf: number;
	/** Time that is left, by the epochs that were trained in this process; `undefined` before the first. */
	readonly secondsLeft: number | undefined;
};
