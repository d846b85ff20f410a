import path from 'node:path';
import {listRuns} from '../runs/list-runs.js';
import {readRun} from '../runs/read-run.js';
import {writeEventFile} from './event-log.js';
import {eventFolder, loggedRun} from './logged-run.js';

/** The runs of a folder that were written for TensorBoard, and the others. */
export type WrittenRuns = {
	/** Number of finished runs. */
	readonly written: number;
	/** Number of runs that are in training or were interrupted. */
	readonly unfinished: number;
	/** The folders of runs whose files have changed since they finished. */
	readonly damaged: readonly string[];
};

/**
 * Writes the events of finished runs for TensorBoard. Files that have them already stay as they are.
 *
 * @param runs the folder of the runs, as in {@link listRuns}
 * @param tensorboard where each run gets a folder of its own, at its path within `runs`
 * @throws {RecordError} for a run whose files disagree
 * @throws {ConfigError} if the place of a run has events of another
 * @throws {WriteError}
 */
export const writeRuns = (runs: string, tensorboard: string): WrittenRuns => {
	const found = listRuns(runs);
	const inState = (state: (typeof found)[number]['state']): string[] =>
		found.filter(run => run.state === state).map(({folder}) => folder);
	const finished = inState('finished');
	for (const folder of finished) {
		const {step, seed, begun, trial, experiment, options, epochs} = readRun(folder);
		const relative = path.relative(runs, folder);
		const place =
			relative === ''
				? eventFolder(tensorboard, {step, seed, folder: path.resolve(folder), begun})
				: path.join(tensorboard, relative);
		writeEventFile(loggedRun(place, {step, trial, experiment, options, begun}), epochs, 'finished');
	}

	return {written: finished.length, unfinished: inState('unfinished').length, damaged: inState('damaged')};
};
