import type {Condition} from '../native/condition.js';
import type {Engine} from '../native/engine.js';
import type {SweepPlan} from './plan.js';

/** One epoch of one seed of a trial. The test images have no part in it. */
export type SweepEpoch = {
	/** 0 for the step as it is. */
	readonly trial: number;
	readonly seed: number;
	/** 1 for the first. */
	readonly epoch: number;
	readonly trainLoss: number;
	readonly trainCorrect: number;
	/** On the training images that were kept aside. */
	readonly holdoutLoss: number;
	readonly holdoutCorrect: number;
	readonly seconds: number;
};

/** What one seed of a trial came to beside its epochs. */
export type SweepRun = {
	readonly trial: number;
	readonly seed: number;
	readonly engine: Engine;
	readonly device: string;
	readonly threads: number;
	/** The epoch in which the loss stopped being a finite number, and the run ended; `null` where it did not. */
	readonly diverged: number | null;
	readonly seconds: number;
	/** When it began. */
	readonly begun: string;
	/** Which of the record's conditions it ran under. */
	readonly condition: number;
};

/** All that is kept of a sweep. */
export type SweepRecord = {
	readonly plan: SweepPlan;
	readonly conditions: readonly Condition[];
	/** Of every seed of every trial, in their order. */
	readonly runs: readonly SweepRun[];
	/** Every epoch of each of them, in their order. */
	readonly epochs: readonly SweepEpoch[];
};
