import type {DataDescription} from '../data/data.js';
import type {Experiment} from '../experiment/experiment.js';
import type {Goal} from '../experiment/goal.js';

/** What is said of a step before it is trained. */
export type Preregistration = {
	readonly step: string;
	/** The step that it grew from; `null` for the first. */
	readonly from: string | null;
	readonly target: Goal;
	/** The reason, with the figures that stood in it then. */
	readonly why: string;
	readonly experiment: Experiment;
	readonly data: DataDescription;
	/** Those to train with, so that none is chosen by how it came out; `null` where the commits don't say. */
	readonly seeds: readonly number[] | null;
	readonly made: WrittenByRecord | WrittenFromHistory;
};

/** Written down by `record`, before it trained. */
export type WrittenByRecord = {
	readonly by: 'record';
	readonly time: string;
	/** The program that was to train. */
	readonly version: string;
	/** The commit that was checked out, and whether nothing had been changed since; `null` outside of git. */
	readonly commit: {readonly hash: string; readonly clean: boolean} | null;
	/** Whether an earlier promise or record of the step was there, whose result may have been known. */
	readonly again: boolean;
};

/** Put together afterwards, from the commits that first said what the step says today. */
export type WrittenFromHistory = {
	readonly by: 'history';
	readonly target: Origin;
	readonly experiment: Origin;
	readonly why: Origin;
	/** The first commit with a result of the step. */
	readonly result: Origin;
};

/** A commit, and its time. */
export type Origin = {readonly commit: string; readonly time: string};

/** Whether a part of a promise stood before the result, by the commits: one commit for both shows nothing. */
export const stood = (part: Origin, result: Origin): 'before' | 'with' | 'after' =>
	part.commit === result.commit ? 'with' : Date.parse(part.time) < Date.parse(result.time) ? 'before' : 'after';
