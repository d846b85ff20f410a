import {readFileSync, statSync} from 'node:fs';
import path from 'node:path';
import type {Data} from '../data/data.js';
import type {Goal} from '../experiment/goal.js';
import {settingsName} from '../experiment/settings.js';
import {displayPath} from '../format/command-line.js';
import {readConfig} from '../runs/config.js';
import type {EpochEvent} from '../runs/events.js';
import {epochShape} from '../runs/finished-run.js';
import {isFolderLocked} from '../runs/folder.js';
import {isFinished} from '../runs/is-finished.js';
import {validate} from '../validation/validate.js';

/** A run's folder as a live page shows it: one seed, in training or not. */
export type LiveRun = {
	readonly folder: string;
	/** Display name: the step, and what distinguishes the run's settings from the step's. */
	readonly name: string;
	readonly seed: number;
	/** Start time, in UTC. */
	readonly begun: string;
	/** All seeds of its command; `undefined` if it is the only one. */
	readonly command: {readonly id: string; readonly seeds: readonly number[]} | undefined;
	readonly target: Goal;
	readonly data: Data;
	/** Finished epochs. */
	readonly epochs: readonly EpochEvent[];
	/** Number of epochs of the experiment. */
	readonly of: number;
	readonly state: RunState;
	/** Accuracy on the training images in evaluation mode, once it has finished. */
	readonly trainClean: number | undefined;
	/** Whether it held its target, once it has finished. */
	readonly held: boolean | undefined;
};

/** `interrupted`: unfinished, and no process has its folder. `removed`: its folder is gone since it was last read. */
export type RunState = 'training' | 'interrupted' | 'finished' | 'removed' | 'damaged';

/** Reads run folders again and again, each only when its files have changed. */
export class LiveRuns {
	readonly #known = new Map<string, {readonly stamp: string; readonly run: LiveRun}>();

	/** Reads runs, in the order of their folders. Folders without a readable run are left out; one that is gone keeps its last epochs. */
	read(folders: readonly string[]): LiveRun[] {
		for (const folder of folders) {
			const stamp = stampOf(folder);
			const known = this.#known.get(folder);
			if (known?.stamp !== stamp) {
				const run =
					stamp === gone ? known && {...known.run, state: 'removed' as const} : readLiveRun(folder, known?.run);
				if (run) {
					this.#known.set(folder, {stamp, run});
				}
			}
		}

		return folders.flatMap(folder => this.#known.get(folder)?.run ?? []);
	}
}

const gone = 'gone';

/** Returns a text that changes with the files and the lock of a run. */
const stampOf = (folder: string): string => {
	const config = statSync(path.join(folder, 'config.json'), {throwIfNoEntry: false});
	if (!config) {
		return gone;
	}

	const events = statSync(path.join(folder, 'events.jsonl'), {throwIfNoEntry: false});
	return [config.mtimeMs, events?.size, events?.mtimeMs, isFinished(folder), isFolderLocked(folder)].join();
};

/** Reads a run; its last known state if a file is damaged; `undefined` if nothing of it can be read. */
const readLiveRun = (folder: string, before: LiveRun | undefined): LiveRun | undefined => {
	try {
		const {step, experiment, seed, data, options, command} = readConfig(folder);
		const {begun} = JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8'));
		const lines = readFileSync(path.join(folder, 'events.jsonl'), 'utf8').split('\n').slice(0, -1); // the last may be partly written
		const result = isFinished(folder) ? JSON.parse(readFileSync(path.join(folder, 'result.json'), 'utf8')) : undefined;
		const trial = step.trial && `trial ${settingsName({settings: step.trial})}`;
		const limits = [
			options.limitTrain !== undefined && `${options.limitTrain} training images`,
			options.epochs !== undefined && `${experiment.epochs} ${experiment.epochs === 1 ? 'epoch' : 'epochs'}`,
		];
		return {
			...{folder: displayPath(folder), seed, begun, command, target: step.target, data, of: experiment.epochs},
			name: [step.name, trial, ...limits].filter(Boolean).join(', '),
			epochs: lines.map((line, index) => validate(epochShape, JSON.parse(line), `line ${index + 1}`) as EpochEvent),
			state: result ? 'finished' : isFolderLocked(folder) ? 'training' : 'interrupted',
			trainClean: result && result.trainCleanCorrect / result.trainCleanTotal,
			held: result && Boolean(result.held),
		};
	} catch {
		return before && {...before, state: 'damaged'};
	}
};
