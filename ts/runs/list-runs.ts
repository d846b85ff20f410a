import {existsSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {checkPath} from '../validation/check-path.js';
import type {EpochEvent} from './events.js';
import {changedFile} from './finished-run.js';
import {RunFolder} from './run-folder.js';

/** A run as its folder tells it. */
export type RunSummary = {
	readonly folder: string;
	readonly step: string;
	readonly seed: number;
	/** When it began, in UTC. */
	readonly begun: string;
	/** Epochs that are done, of so many. */
	readonly epochs: number;
	readonly of: number;
	/** Test accuracy of the last epoch that is done; nothing before the first, and for a run that is damaged. */
	readonly testAccuracy: number | undefined;
	/** Whether the target was held; nothing for a run that has not finished, or is damaged. */
	readonly held: boolean | undefined;
	/** Whether it tried settings that the step does not have. */
	readonly trial: boolean;
	/** `unfinished` where it still runs, or was interrupted; `damaged` where it finished and its files are not as it wrote them. */
	readonly state: 'finished' | 'unfinished' | 'damaged';
};

/** How many folders lie above a run at the most, as in `runs/records/STEP/RUN`. */
const deepest = 4;

/** The runs in a folder and in the folders within, the newest first. What can't be read as a run is left out. */
export const listRuns = (root: string): RunSummary[] => {
	checkPath('folder', root);
	return runFolders(root)
		.flatMap(folder => summaryOf(folder) ?? [])
		.toSorted((a, b) => (a.begun === b.begun ? a.seed - b.seed : a.begun < b.begun ? 1 : -1));
};

/** Folders with a `config.json`, in a folder or that itself. Links are not followed: `latest` is in the list already. */
export const runFolders = (folder: string, depth = 0): string[] => {
	if (existsSync(path.join(folder, 'config.json'))) {
		return [folder];
	}

	return (depth < deepest ? foldersIn(folder) : []).flatMap(name => runFolders(path.join(folder, name), depth + 1));
};

/** None in what is no folder, or can't be read. */
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
		const about = {folder, step, seed, begun, of: experiment?.epochs, trial: trial !== undefined};
		return known ? {...about, ...cameTo(folder)} : undefined;
	} catch {
		return undefined; // of an older version, or being written
	}
};

const cameTo = (folder: string): Pick<RunSummary, 'epochs' | 'testAccuracy' | 'held' | 'state'> => {
	const isFinished = RunFolder.isFinished(folder);
	try {
		const rows = readFileSync(path.join(folder, 'events.jsonl'), 'utf8').trimEnd().split('\n').filter(Boolean);
		const last: EpochEvent | undefined = rows.length > 0 ? JSON.parse(rows.at(-1) ?? '') : undefined;
		const so = {epochs: rows.length, testAccuracy: last && last.testCorrect / last.testTotal};
		if (!isFinished) {
			return {...so, held: undefined, state: 'unfinished'};
		}

		if (changedFile(folder) === undefined) {
			const {held} = JSON.parse(readFileSync(path.join(folder, 'result.json'), 'utf8'));
			return {...so, held: Boolean(held), state: 'finished'};
		}
	} catch (error) {
		if (!isFinished) {
			throw error;
		}
	}

	return {epochs: 0, testAccuracy: undefined, held: undefined, state: 'damaged'};
};
