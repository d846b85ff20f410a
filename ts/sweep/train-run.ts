import type {Lock} from '../fs/lock.js';
import {weightPaths} from '../step/weight-files.js';
import type {PlannedRun, RunProgress, SharedSettings} from './executor.js';
import {selectionOf} from './plan.js';
import {trainTrial} from './train-trial.js';
import {openTrialLog} from './trial-events.js';

/** Where and how a run is trained. */
export type RunSettings = SharedSettings & {
	readonly threads: number;
	/** The lock of the run's folder. */
	readonly lock: Pick<Lock, 'check'>;
	readonly signal: AbortSignal;
	readonly emit: (progress: RunProgress) => void;
};

/**
 * Trains a run in its folder, of which the caller has the lock; resumes it if it has a checkpoint. Writes its result there.
 *
 * @throws {AbortError} if the signal aborts, and the error of a run that fails; a loss that diverges is a result
 */
export const trainRun = async (run: PlannedRun, settings: RunSettings): Promise<void> => {
	const {plan, data, ladder, condition, events, threads, lock, signal, emit} = settings;
	const {trial, seed, folder, until} = run;
	const begun = folder.begin();
	const log = events === undefined ? undefined : openTrialLog(events, plan, {...run, begun});
	const outcome = await trainTrial({
		...{experiment: trial.experiment, seed, data, images: selectionOf(plan), threads, until},
		...{weights: weightPaths(trial.experiment, ladder), checkpoint: folder.checkpoint, signal},
		begin: epoch => emit({type: 'begun', run, epoch, holdoutCorrect: undefined, diverged: false}),
		tell(row) {
			log?.(row);
			const {epoch, holdoutCorrect} = row;
			emit({type: 'epoch', run, epoch, holdoutCorrect, diverged: false});
		},
	});
	lock.check();
	const isStopped = outcome.diverged === null && outcome.epochs.length < trial.experiment.epochs;
	folder[isStopped ? 'stop' : 'finish']({outcome, begun, condition});
	const [epoch, last] = [outcome.epochs.length, outcome.epochs.at(-1)];
	emit({type: 'finished', run, epoch, holdoutCorrect: last?.holdoutCorrect, diverged: outcome.diverged !== null});
};
