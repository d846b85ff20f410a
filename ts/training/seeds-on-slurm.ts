import path from 'node:path';
import {DetachedError} from '../errors/index.js';
import {currentCondition} from '../native/condition.js';
import type {TrainEvent} from '../runs/events.js';
import {isFinished} from '../runs/is-finished.js';
import type {SettledSlurm} from '../slurm/options.js';
import {runOnSlurm} from '../slurm/run-on-slurm.js';
import {slurmFolder} from '../slurm/submission.js';
import {type SeedItem, type SeedsWork, seedsKind} from './seeds-task.js';

/** Seeds to train by tasks of Slurm. */
export type SeedsOnSlurm = {
	readonly step: string;
	/** The folder of each seed's run. It has a `config.json`, and is not locked. */
	readonly folders: ReadonlyMap<number, string>;
	/** The name of the work, equal for all commands that wait for these runs. */
	readonly name: string;
	/** The parent of the runs of all steps. */
	readonly out: string;
	readonly slurm: SettledSlurm;
	/** Runs at once in a task. */
	readonly jobs: number;
	readonly detach: boolean;
	readonly signal: AbortSignal;
	/** Receives sentences about tasks. */
	readonly report: (sentence: string) => void;
	/** Receives `start` and `epoch` events. */
	readonly emit: (event: TrainEvent) => void;
	/** Called with each seed whose run has finished. */
	readonly finish: (seed: number) => void;
};

/**
 * Has seeds trained by tasks of Slurm.
 *
 * @throws {DetachedError} once they are submitted, with `detach`
 * @throws as `runOnSlurm`
 */
export const trainSeedsOnSlurm = async (seeds: SeedsOnSlurm): Promise<void> => {
	const {step, folders, name, out, slurm, jobs, detach, signal, report, emit, finish} = seeds;
	const {versions, addon} = currentCondition({engine: 'fused'});
	const waiting = new Set(folders.keys());
	const shared: SeedsWork = {jobs};
	const isComplete = await runOnSlurm<SeedItem>({
		...{kind: seedsKind, title: `train ${step}`, shared, options: slurm, report, detach, signal},
		...{version: versions.stepladder, sources: addon?.sources},
		folder: path.resolve(out, slurmFolder, `${step}-${name}`),
		items: [...folders].map(([seed, folder]) => ({key: path.resolve(folder), seed})),
		isDone: ({key}) => isFinished(key),
		emit({key, seed}, event) {
			if ((event as {type: string}).type !== 'finished') {
				emit(event as TrainEvent);
			} else if (isFinished(key) && waiting.delete(seed)) {
				finish(seed);
			}
		},
	});
	if (!isComplete) {
		throw new DetachedError();
	}

	for (const seed of waiting) {
		finish(seed);
	}
};
