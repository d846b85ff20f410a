import {readFileSync} from 'node:fs';
import path from 'node:path';
import type {Data} from '../data/data.js';
import {RecordError} from '../errors/index.js';
import type {Experiment} from '../experiment/experiment.js';
import type {Goal} from '../experiment/goal.js';
import type {TriedSetting} from '../experiment/settings.js';
import {shapes, validate} from '../validation/validate.js';
import {readConfig} from './config.js';
import type {EpochEvent} from './events.js';
import {epochShape, type FinishedRun, readFinishedRun} from './finished-run.js';
import {isFinished} from './is-finished.js';
import type {TrainOptions} from './train-options.js';

/** The contents of a run's folder, finished or not. */
export type StoredRun = {
	readonly folder: string;
	readonly step: string;
	/** The settings that differ from the step's, if it is a trial. */
	readonly trial: readonly TriedSetting[] | undefined;
	readonly seed: number;
	/** Start time, in UTC. */
	readonly begun: string;
	readonly experiment: Experiment;
	readonly target: Goal;
	readonly data: Data;
	readonly options: Omit<TrainOptions, 'data'>;
	/** As in `RunConfig`. */
	readonly drawSeed: number | undefined;
	/** The finished epochs, in order. */
	readonly epochs: readonly EpochEvent[];
	/** `undefined` if it is running or was interrupted. */
	readonly finished: FinishedRun | undefined;
};

/**
 * Reads a run. Checks each file of a finished one against its shape and hash, and that they agree.
 *
 * @throws {ConfigError} if the folder is not a run's
 * @throws {RecordError} naming the first file that is not as the run wrote it
 */
export const readRun = (folder: string): StoredRun => {
	const {step, seed, experiment, data, options, drawSeed} = readConfig(folder);
	const config = path.join(folder, 'config.json');
	const begun = validate(shapes.time, JSON.parse(readFileSync(config, 'utf8')).begun, 'begun');
	const finished = isFinished(folder) ? readFinishedRun(folder, remedy) : undefined;
	const epochs = finished?.epochs ?? epochsSoFar(folder);
	const wrong = finished && disagreement(finished, step.name, seed, experiment, data);
	if (wrong !== undefined) {
		throw new RecordError(folder, `${wrong}; ${remedy}`);
	}

	const {name, target, trial} = step;
	return {folder, step: name, trial, seed, begun, experiment, target, data, options, drawSeed, epochs, finished};
};

const remedy = 'remove the run’s folder, or train again';

/** Reads whole lines only: the last one may be half written. */
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

/** Says how the files of a finished run disagree; `undefined` if they agree. */
const disagreement = (
	run: FinishedRun,
	step: string,
	seed: number,
	{epochs}: Experiment,
	{test}: Data,
): string | undefined => {
	const {labels, probabilities, images} = run.answers;
	const last = run.epochs.at(-1);
	const inOrder = run.epochs.every((row, index) => row.epoch === index + 1 && row.seed === seed && row.step === step);
	return run.seed !== seed || !inOrder || run.epochs.length !== epochs
		? `its events should be the ${epochs} epochs of \`${step}\` with seed ${seed}, in their order`
		: labels.length !== last?.testTotal || probabilities.length !== labels.length
			? `it has ${labels.length} predictions for ${last?.testTotal} test images`
			: images && (images.length !== labels.length || images.some(image => image >= test))
				? `its predictions should name ${labels.length} of the ${test} test images`
				: undefined;
};
