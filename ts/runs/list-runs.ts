import {existsSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {checkPath} from '../validation/check-path.js';
import type {EpochEvent} from './events.js';
import {isFinished} from './is-finished.js';
import {changedFile} from './run-hashes.js';

/** A run in the list of saved runs. */
export type RunSummary = {
	readonly folder: string;
	readonly step: string;
	readonly seed: number;
	/** Start time, in UTC. */
	readonly begun: string;
	/** Finished epochs. */
	readonly epochs: number;
	/** All epochs. */
	readonly of: number;
	/** Test accuracy of the last finished epoch; `undefined` before the first, and if the run is damaged. */
	readonly testAccuracy: number | undefined;
	/** Whether the target was held; `undefined` if the run is unfinished or damaged. */
	readonly held: boolean | undefined;
	/** Whether its settings differ from the step's. */
	readonly trial: boolean;
	/** `unfinished` if it is running or was interrupted; `damaged` if its files have changed since it finished. */
	readonly state: 'finished' | 'unfinished' | 'damaged';
};

/** The depth of runs below the listed folder, at most: `records/STEP/RUN` needs 3. */
const maxDepth = 4;

/** Lists the runs in a folder and its subfolders, newest first. Skips folders that can't be read as a run. */
export const listRuns = (root: string): RunSummary[] => {
	checkPath('folder', root);
	return runFolders(root)
		.flatMap(folder => summaryOf(folder) ?? [])
		.toSorted((a, b) => (a.begun === b.begun ? a.seed - b.seed : a.begun < b.begun ? 1 : -1));
};

/** Returns the folders with a `config.json`: a folder itself, or those in it. Links, such as `latest`, are not followed. */
export const runFolders = (folder: string, depth = 0): string[] => {
	if (existsSync(path.join(folder, 'config.json'))) {
		return [folder];
	}

	return (depth < maxDepth ? foldersIn(folder) : []).flatMap(name => runFolders(path.join(folder, name), depth + 1));
};

/** Returns the names of subfolders; none if the folder can't be listed. */
const foldersIn = (folder: string): string[] => {
	try {
		return readdirSync(folder, {withFileTypes: true})
			.filter(entry => entry.isDirectory())
			.map(({name}) => name);
	} catch {
		return [];
	}
};

const summaryOf = (folder: string): RunSummary | undefined => {
	try {
		const {step, seed, begun, experiment, trial} = JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8'));
		const known = [step, begun].every(text => typeof text === 'string') && Number.isSafeInteger(experiment?.epochs);
		const identity = {folder, step, seed, begun, of: experiment?.epochs, trial: trial !== undefined};
		return known ? {...identity, ...progressOf(folder)} : undefined;
	} catch {
		return undefined; // of an earlier version, or being written
	}
};

const progressOf = (folder: string): Pick<RunSummary, 'epochs' | 'testAccuracy' | 'held' | 'state'> => {
	const hasFinished = isFinished(folder);
	try {
		const rows = readFileSync(path.join(folder, 'events.jsonl'), 'utf8').trimEnd().split('\n').filter(Boolean);
		const last: EpochEvent | undefined = rows.length > 0 ? JSON.parse(rows.at(-1) ?? '') : undefined;
		const progress = {epochs: rows.length, testAccuracy: last && last.testCorrect / last.testTotal};
		if (!hasFinished) {
			return {...progress, held: undefined, state: 'unfinished'};
		}

		if (changedFile(folder) === undefined) {
			const {held} = JSON.parse(readFileSync(path.join(folder, 'result.json'), 'utf8'));
			return {...progress, held: Boolean(held), state: 'finished'};
		}
	} catch (error) {
		if (!hasFinished) {
			throw error;
		}
	}

	return {epochs: 0, testAccuracy: undefined, held: undefined, state: 'damaged'};
};
