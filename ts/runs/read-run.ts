import {readFileSync} from 'node:fs';
import path from 'node:path';
import type {Data} from '../data/data.js';
import {RecordError} from '../errors/index.js';
import type {Experiment} from '../experiment/experiment.js';
import type {Goal} from '../experiment/goal.js';
import type {TriedSetting} from '../experiment/settings.js';
import {shapes, validate} from '../validation/validate.js';
import type {EpochEvent} from './events.js';
import {epochShape, type FinishedRun, readFinishedRun} from './finished-run.js';
import {RunFolder} from './run-folder.js';
import type {TrainOptions} from './train-options.js';

/** A run as its folder tells all of it, finished or not. */
export type StoredRun = {
	readonly folder: string;
	readonly step: string;
	/** What differs from the step as it is, where it is a trial. */
	readonly trial: readonly TriedSetting[] | undefined;
	readonly seed: number;
	/** When it began, in UTC. */
	readonly begun: string;
	readonly experiment: Experiment;
	readonly target: Goal;
	readonly data: Data;
	readonly options: Omit<TrainOptions, 'data'>;
	/** Epochs that are done, in their order. */
	readonly epochs: readonly EpochEvent[];
	/** Nothing where it still runs, or was interrupted. */
	readonly finished: FinishedRun | undefined;
};

/**
 * Reads a run. A finished one is judged first: each file against its shape and against the hash in `result.json`, the
 * files against each other.
 *
 * @throws {ConfigError} for what is no run folder
 * @throws {RecordError} naming the first file that is not as the run wrote it
 */
export const readRun = (folder: string): StoredRun => {
	const {step, seed, experiment, data, options} = RunFolder.read(folder);
	const config = path.join(folder, 'config.json');
	const begun = validate(shapes.time, JSON.parse(readFileSync(config, 'utf8')).begun, 'begun');
	const finished = RunFolder.isFinished(folder) ? readFinishedRun(folder, remedy) : undefined;
	const epochs = finished?.epochs ?? epochsSoFar(folder);
	const wrong = finished && judge(finished, step.name, seed, experiment);
	if (wrong !== undefined) {
		throw new RecordError(folder, `${wrong}; ${remedy}`);
	}

	const {name, target, trial} = step;
	return {folder, step: name, trial, seed, begun, experiment, target, data, options, epochs, finished};
};

const remedy = 'remove the run’s folder, or train again';

/** Whole lines alone: the last one may be being written. */
const epochsSoFar = (folder: string): EpochEvent[] => {
	const file = path.join(folder, 'events.jsonl');
	try {
		const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
		return lines.map((line, index) => validate(epochShape, JSON.parse(line), `line ${index + 1}`) as EpochEvent);
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		throw new RecordError(file, `${reason}; ${remedy}`, {cause: error});
	}
};

/** The first thing in which the files of a finished run do not agree. */
const judge = (run: FinishedRun, step: string, seed: number, {epochs}: Experiment): string | undefined => {
	const {labels, probabilities} = run.answers;
	const last = run.epochs.at(-1);
	const inOrder = run.epochs.every((row, index) => row.epoch === index + 1 && row.seed === seed && row.step === step);
	return run.seed !== seed || !inOrder || run.epochs.length !== epochs
		? `its events should be the ${epochs} epochs of \`${step}\` with seed ${seed}, in their order`
		: labels.length !== last?.testTotal || probabilities.length !== labels.length
			? `it has ${labels.length} predictions for ${last?.testTotal} test images`
			: undefined;
};
