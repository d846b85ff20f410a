import type {Condition} from '../native/condition.js';
import type {Engine} from '../native/engine.js';
import {groupBy} from '../statistics/group-by.js';
import type {SweepPlan} from './plan.js';

/** One epoch of one seed of a trial. The test images are not used. */
export type SweepEpoch = {
	/** 0 for the unchanged step. */
	readonly trial: number;
	readonly seed: number;
	/** 1 for the first. */
	readonly epoch: number;
	readonly trainLoss: number;
	readonly trainCorrect: number;
	/** On the held-out images. */
	readonly holdoutLoss: number;
	readonly holdoutCorrect: number;
	readonly seconds: number;
};

/** The outcome of one seed of a trial, apart from its epochs. */
export type SweepRun = {
	readonly trial: number;
	readonly seed: number;
	readonly engine: Engine;
	readonly device: string;
	readonly threads: number;
	/** The epoch in which the loss became infinite or NaN, which ended the run; `null` if none. */
	readonly diverged: number | null;
	readonly seconds: number;
	/** Start time, in UTC. */
	readonly begun: string;
	/** Index of its condition in the record. */
	readonly condition: number;
};

/** The record of a sweep. */
export type SweepRecord = {
	readonly plan: SweepPlan;
	/** Number of trials drawn until the budget ended the draws; `undefined` if all of the plan were. */
	readonly drawn?: number | undefined;
	readonly conditions: readonly Condition[];
	/** Ordered by trial, then seed. */
	readonly runs: readonly SweepRun[];
	/** Ordered as the runs, then by epoch. */
	readonly epochs: readonly SweepEpoch[];
};

/** Returns the function that looks up the epochs of a run, in their order; none for an unknown one. */
export const epochsOfRuns = (
	epochs: readonly SweepEpoch[],
): ((trial: number, seed: number) => readonly SweepEpoch[]) => {
	const byRun = groupBy(epochs, ({trial, seed}) => `${trial} ${seed}`);
	return (trial, seed) => byRun.get(`${trial} ${seed}`) ?? [];
};
