import type {ClassCounts} from '../statistics/classification.js';
import {aimOf, type Goal} from './goal.js';
import {type Metric, metricValue} from './metric.js';

/** An epoch, as far as targets are about it. */
export type EvaluatedEpoch = {
	readonly testCorrect: number;
	readonly testTotal: number;
	/** Missing in epochs that older versions evaluated. */
	readonly testByClass?: ClassCounts | undefined;
};

/** The last epochs of a seed, as many as its target has to be held for. */
export type ReachedTarget = {
	/** The target's metric in each of them; `NaN` where it is not accuracy and the counts by class are missing. */
	readonly values: readonly number[];
	/** Whether there are that many epochs, and each is at the target or above. */
	readonly isReached: boolean;
};

/** Returns an epoch's value of a metric; `NaN` if it is not accuracy and the counts by class are missing. */
export const epochValue = (metric: Metric, epoch: EvaluatedEpoch, classes: readonly string[]): number => {
	const {testCorrect, testTotal, testByClass} = epoch;
	return metric === 'accuracy'
		? testCorrect / testTotal
		: testByClass
			? metricValue(metric, testByClass, classes)
			: Number.NaN;
};

/** Compares the last epochs of a seed with its target. */
export const reachTarget = (
	goal: Goal,
	epochs: readonly EvaluatedEpoch[],
	classes: readonly string[],
): ReachedTarget => {
	const {metric, atLeast} = aimOf(goal);
	const values = epochs.slice(-goal.heldFor).map(epoch => epochValue(metric, epoch, classes));
	return {values, isReached: values.length === goal.heldFor && values.every(value => value >= atLeast)};
};
