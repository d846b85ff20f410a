import type {DataDescription} from '../data/data.js';
import type {Experiment} from '../experiment/experiment.js';
import type {Goal} from '../experiment/goal.js';

/** Target, reason and seeds of a step, written before it is trained. */
export type Preregistration = {
	readonly step: string;
	/** The step that it grew from; `null` for the first. */
	readonly from: string | null;
	readonly target: Goal;
	/** The reason, with its figures as they were then. */
	readonly why: string;
	readonly experiment: Experiment;
	/** The training images of each class, from which `balanced` weights of the loss follow; `undefined` for other losses. */
	readonly classCounts?: readonly number[] | undefined;
	readonly data: DataDescription;
	/** How the test images differ from those of the ladder's first record; `undefined` if they don't. */
	readonly testImages?: TestImageChanges | undefined;
	/** The seeds to train with, so that none is chosen by its result; `null` if `made.by` is `history`. */
	readonly seeds: readonly number[] | null;
	/** Who wrote it; the first records, which are older than preregistrations, have `history`. */
	readonly made: WrittenByRecord | {readonly by: 'history'};
};

/** Numbers of test images that are missing, were added, or have another class than in a ladder's first record. */
export type TestImageChanges = {readonly missing: number; readonly added: number; readonly relabelled: number};

/** Written by `record`, before it trained. */
export type WrittenByRecord = {
	readonly by: 'record';
	readonly time: string;
	/** Version of the program that was to train. */
	readonly version: string;
	/** The commit that was checked out, and whether nothing had been changed since; `null` outside of git. */
	readonly commit: {readonly hash: string; readonly clean: boolean} | null;
	/** Whether the step had been preregistered or recorded before, so that a result may have been known. */
	readonly again: boolean;
	/** Hash of the last line of the ladder's ledger then; `undefined` in one from before there were ledgers. */
	readonly ledger?: string | undefined;
};
