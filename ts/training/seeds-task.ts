import path from 'node:path';
import type {Data, DataSource} from '../data/data.js';
import {ConfigError} from '../errors/index.js';
import {goalOf} from '../experiment/goal.js';
import {fileType} from '../fs/file-type.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {adoptRun} from '../runs/adopt-run.js';
import {readConfig} from '../runs/config.js';
import {isFinished} from '../runs/is-finished.js';
import type {PlannedItem} from '../slurm/submission.js';
import type {RunEvent, TaskPlace, Worker} from '../slurm/task.js';
import {storedData} from './stored-data.js';
import {trainSeed} from './train-seed.js';

/** The kind of seeds' work on a cluster. */
export const seedsKind = 'seeds';

/** What the seeds of a command have in common, as the plan of their tasks keeps it. */
export type SeedsWork = {readonly jobs: number};

/** A seed, as the plan of its task keeps it: the key is the folder of its run, whose `config.json` has everything else. */
export type SeedItem = PlannedItem & {readonly seed: number};

/**
 * Returns the worker that trains seeds in a task, each in the folder of its run.
 *
 * @param ladderData opens the data of a ladder's folder, where the node can't see the files that a run was begun with
 */
export const seedsWorker =
	(ladderData: (ladder: string) => DataSource) =>
	async (shared: unknown, {folder: place, signal: stop}: TaskPlace): Promise<Worker<SeedItem>> => {
		const {jobs} = shared as SeedsWork;
		let opened: Promise<Data> | undefined; // all seeds of a command have the same
		return {
			jobs,
			isDone: ({key}) => isFinished(key),
			async train({key, seed}, signal, emit: (event: RunEvent) => void) {
				if (fileType(path.join(key, 'config.json')) === 'nothing') {
					const sentence = `${key} was removed before its run had finished: \`record\` again, or \`train --resume\` of another seed, trains it from its first epoch`;
					throw new ConfigError('run', 'the folder of a run, with its config.json', key, sentence);
				}

				const folder = await adoptRun(key, signal);
				try {
					if (isFinished(key)) {
						return;
					}

					const {step, experiment, data: stored, options, drawSeed, classCounts} = readConfig(key);
					const source = step.ladder === undefined ? undefined : ladderData(step.ladder);
					opened ??= storedData(place, stored, source).open(step.ladder ?? place, {signal: stop});
					const finished = await trainSeed({
						...{step, experiment, seed, data: await opened, drawSeed, classCounts, folder},
						...{missingClasses: undefined, hints: [], isInterrupted: () => signal.aborted},
						options: {...options, signal: AbortSignal.any([signal, folder.lost])},
						emit(event) {
							if (event.type === 'start' || event.type === 'epoch') {
								emit(event);
							}
						},
					});
					const {parameters} = unwrap(native().summarize(experiment.net));
					folder.finish({step: step.name, parameters, target: goalOf(step.target), ...finished});
					emit({type: 'finished'});
				} catch (error) {
					folder.checkLock(); // a folder that was deleted or taken over: its run is looked at again
					throw error;
				} finally {
					folder.release();
				}
			},
		};
	};
