import path from 'node:path';
import {storeData} from '../data/stored.js';
import {DetachedError} from '../errors/index.js';
import type {SettledSlurm} from '../slurm/options.js';
import {runOnSlurm} from '../slurm/run-on-slurm.js';
import {slurmFolder} from '../slurm/submission.js';
import type {Executor, PlannedRun, RunProgress, SharedSettings} from './executor.js';
import {lockTrials, releaseTrials} from './lock-trials.js';
import {hasResult, splitFinished} from './split-finished.js';
import {type SweepItem, type SweepItemEvent, type SweepWork, sweepKind} from './sweep-task.js';
import type {Trial} from './trials.js';

/** How the runs of a sweep are trained on a cluster. */
export type SlurmSettings = SharedSettings & {
	/** The sweep's name. */
	readonly name: string;
	/** The parent of the runs' folders. */
	readonly out: string;
	readonly slurm: SettledSlurm;
	readonly threads: number | undefined;
	readonly jobs: number | undefined;
	/** Whether to retrain finished runs. */
	readonly fresh: boolean;
	/** Whether to return as soon as the runs are submitted. */
	readonly detach: boolean;
	/** Receives sentences about tasks. */
	readonly report: (sentence: string) => void;
	readonly signal: AbortSignal;
};

/** Trains runs by tasks of Slurm. Their folders are locked by the tasks. */
export class SlurmExecutor implements Executor {
	readonly #settings: SlurmSettings;
	readonly #cleared = new Set<string>();

	constructor(settings: SlurmSettings) {
		this.#settings = settings;
	}

	/** @throws {DetachedError} once all runs are submitted, with `detach` */
	readonly train = async (runs: readonly PlannedRun[], emit: (progress: RunProgress) => void): Promise<void> => {
		const {name, out, slurm, plan, data, ladder, condition, events, threads, jobs, detach, report, signal} =
			this.#settings;
		await this.#clear(runs);
		const byKey = new Map(runs.map(run => [keyOf(run), run]));
		const {finished, waiting} = splitFinished(runs);
		emit({type: 'found', runs: finished});
		const trials: Trial[] = [];
		for (const {index, trial} of runs) {
			trials[index] = trial;
		}

		const shared: SweepWork = {
			plan,
			data: storeData(data),
			ladder,
			out: path.resolve(out),
			trials,
			events: events && path.resolve(events),
			threads,
			jobs,
		};
		const reported = new Set<string>();
		const emitOnce = (run: PlannedRun, event: SweepItemEvent): void => {
			if (event.type === 'finished') {
				reported.add(keyOf(run));
			}

			emit({...event, run});
		};
		const isComplete = await runOnSlurm<SweepItem>({
			...{kind: sweepKind, title: `sweep ${name}`, shared, options: slurm, report, detach, signal},
			...{version: condition.versions.stepladder, sources: condition.addon?.sources},
			folder: path.resolve(out, slurmFolder, name),
			items: waiting.map(run => ({key: keyOf(run), trial: run.index, seed: run.seed, until: run.until})),
			isDone({key}) {
				const run = byKey.get(key);
				return run !== undefined && hasResult(run);
			},
			emit({key}, event) {
				const run = byKey.get(key);
				if (run) {
					emitOnce(run, event as SweepItemEvent);
				}
			},
		});
		if (!isComplete) {
			throw new DetachedError();
		}

		for (const run of waiting.filter(run => !reported.has(keyOf(run)))) {
			const {outcome} = run.folder.read(run.until) ?? {};
			const last = outcome?.epochs.at(-1);
			emit({
				...{type: 'finished', run, epoch: outcome?.epochs.length ?? 0, holdoutCorrect: last?.holdoutCorrect},
				diverged: (outcome?.diverged ?? null) !== null,
			});
		}
	};

	readonly release = (): void => {};

	/** Removes results that are not to be used, once for each folder. */
	async #clear(runs: readonly PlannedRun[]): Promise<void> {
		const folders = runs.map(({folder}) => folder).filter(({path}) => !this.#cleared.has(path));
		if (!this.#settings.fresh) {
			return;
		}

		const locks = await lockTrials(folders, this.#settings.signal);
		try {
			for (const folder of folders) {
				folder.clear();
				this.#cleared.add(folder.path);
			}
		} finally {
			releaseTrials(locks);
		}
	}
}

const keyOf = ({folder, until}: PlannedRun): string => `${folder.path}${until === undefined ? '' : ` ${until}`}`;
