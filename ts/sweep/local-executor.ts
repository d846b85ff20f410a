import {RecordError} from '../errors/index.js';
import type {Lock} from '../fs/lock.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {runWorkers} from '../platform/run-workers.js';
import type {Executor, PlannedRun, RunProgress, SharedSettings} from './executor.js';
import {lockTrials, releaseTrials} from './lock-trials.js';
import {splitFinished} from './split-finished.js';
import {trainRun} from './train-run.js';

/** How runs are trained in this process. */
export type LocalSettings = SharedSettings & {
	readonly threads: number | undefined;
	readonly jobs: number | undefined;
	/** Whether to retrain finished runs. */
	readonly fresh: boolean;
	readonly signal: AbortSignal;
};

/** Trains runs in this process, several at once, each in a folder that it locks. */
export class LocalExecutor implements Executor {
	readonly #settings: LocalSettings;
	readonly #locks = new Map<string, Lock>();
	/** Aborts when any lock is lost: combined signals would be copied for each run, with one source a lock. */
	readonly #lost = new AbortController();

	constructor(settings: LocalSettings) {
		this.#settings = settings;
	}

	/** @throws {LockError} if another process trains one of the runs */
	readonly train = async (runs: readonly PlannedRun[], emit: (progress: RunProgress) => void): Promise<void> => {
		const {signal, jobs: givenJobs, threads: givenThreads, ...shared} = this.#settings;
		await this.#lock(runs);
		const {cores} = unwrap(native().runtimeInfo());
		const jobs = givenJobs ?? Math.max(1, Math.floor(cores / (givenThreads ?? 1)));
		const threads = givenThreads ?? Math.max(1, Math.floor(cores / Math.min(jobs, runs.length)));
		const {finished, waiting} = splitFinished(runs);
		const lockedSignal = AbortSignal.any([signal, this.#lost.signal]);
		emit({type: 'found', runs: finished});
		await runWorkers(waiting, jobs, lockedSignal, async (run, signal) => {
			const lock = this.#locks.get(run.folder.path);
			if (!lock) {
				throw new RecordError(run.folder.path, 'its result was removed when the sweep began: run the sweep again');
			}

			await trainRun(run, {...shared, threads, lock, signal, emit});
		});
	};

	readonly release = (): void => {
		releaseTrials(this.#locks);
	};

	/** Locks the folders that earlier lists have not, and removes results of theirs that are not to be used. */
	async #lock(runs: readonly PlannedRun[]): Promise<void> {
		const {fresh, signal} = this.#settings;
		const added = runs.filter(
			({folder, until}) =>
				!this.#locks.has(folder.path) && (fresh || folder.read(until) === undefined || folder.isUntidy),
		);
		const locks = await lockTrials(
			added.map(({folder}) => folder),
			signal,
		);
		for (const [path, lock] of locks) {
			this.#locks.set(path, lock);
			lock.signal.addEventListener('abort', () => this.#lost.abort(lock.signal.reason), {once: true});
		}

		for (const {folder} of added) {
			if (fresh) {
				folder.clear();
			} else if (folder.read() !== undefined) {
				folder.cleanUp();
			}
		}
	}
}
