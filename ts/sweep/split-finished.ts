import type {PlannedRun} from './executor.js';

/** Returns whether a run has its result, up to the epoch after which it is stopped. */
export const hasResult = ({folder, until}: PlannedRun): boolean => folder.read(until) !== undefined;

/** Divides runs into those that have their results and those that are to be trained; reads each result once. */
export const splitFinished = (runs: readonly PlannedRun[]): {finished: PlannedRun[]; waiting: PlannedRun[]} => {
	const [finished, waiting]: [PlannedRun[], PlannedRun[]] = [[], []];
	for (const run of runs) {
		(hasResult(run) ? finished : waiting).push(run);
	}

	return {finished, waiting};
};
