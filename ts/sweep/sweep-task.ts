import type {DataSource} from '../data/data.js';
import {restoreData, type StoredData} from '../data/stored.js';
import {currentCondition} from '../native/condition.js';
import type {RunEvent, TaskPlace, Worker} from '../slurm/task.js';
import {storedData} from '../training/stored-data.js';
import type {PlannedRun, RunProgress} from './executor.js';
import type {SweepPlan} from './plan.js';
import {hasResult} from './split-finished.js';
import {trainRun} from './train-run.js';
import {TrialFolder} from './trial-folder.js';
import type {Trial} from './trials.js';

/** The kind of a sweep's work on a cluster. */
export const sweepKind = 'sweep';

/** What the runs of a sweep have in common, as the plan of their tasks keeps it. */
export type SweepWork = {
	readonly plan: SweepPlan;
	readonly data: StoredData;
	/** The folder of the ladder. */
	readonly ladder: string;
	/** The parent of the runs' folders, absolute. */
	readonly out: string;
	/** The trials by their indices; `null` for those that have no run in the list. */
	readonly trials: ReadonlyArray<Trial | null>;
	/** As in `SharedSettings`, absolute. */
	readonly events?: string | undefined;
	readonly threads?: number | undefined;
	readonly jobs?: number | undefined;
};

/** A run, as the plan of its task keeps it. */
export type SweepItem = Pick<PlannedRun, 'seed' | 'until'> & {
	readonly key: string;
	/** Index of its trial. */
	readonly trial: number;
};

/** The progress of a run, as its task emits it. */
export type SweepItemEvent = RunEvent & Omit<Exclude<RunProgress, {type: 'found'}>, 'run'>;

/**
 * Returns the worker that trains the runs of a sweep in a task, each as in the process of the sweep itself.
 *
 * @param ladderData opens the data of a ladder's folder, where the node can't see the files that the sweep was begun with
 */
export const sweepWorker =
	(ladderData: (ladder: string) => DataSource) =>
	async (shared: unknown, {cores, folder, signal}: TaskPlace): Promise<Worker<SweepItem>> => {
		const work = shared as SweepWork;
		const {plan, ladder, out, trials, events} = work;
		const data = await storedData(folder, restoreData(work.data), ladderData(ladder)).open(ladder, {signal});
		const condition = currentCondition({engine: 'fused'});
		const jobs = work.jobs ?? Math.max(1, Math.floor(cores / (work.threads ?? 1)));
		const threads = work.threads ?? Math.max(1, Math.floor(cores / jobs));
		const runOf = ({trial: index, seed, until}: SweepItem): PlannedRun => {
			const trial = trials[index];
			if (!trial) {
				throw new Error(`the plan has no trial ${index}`);
			}

			return {trial, index, seed, until, folder: new TrialFolder(out, plan, trial.experiment, seed, condition)};
		};
		return {
			jobs,
			isDone: item => hasResult(runOf(item)),
			async train(item, signal, emit) {
				const run = runOf(item);
				const lock = await run.folder.lock(signal);
				try {
					if (!hasResult(run)) {
						await trainRun(run, {
							...{plan, data, ladder, condition, events, threads, lock, signal: AbortSignal.any([signal, lock.signal])},
							emit(progress) {
								if (progress.type !== 'found') {
									const {run: _, ...event} = progress;
									emit(event);
								}
							},
						});
					}
				} catch (error) {
					lock.check(); // a folder that was deleted or taken over meanwhile: its run is looked at again
					throw error;
				} finally {
					lock.release();
				}
			},
		};
	};
