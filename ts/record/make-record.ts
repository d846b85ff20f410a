import {existsSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import path from 'node:path';
import type {Data} from '../data/data.js';
import {describe, sourceOf} from '../data/data.js';
import {type Training, trainInFolders} from '../experiment/train.js';
import type {Place} from '../ladder/open-ladder.js';
import {RunFolder} from '../log/run-folder.js';
import {differences} from '../terms/difference.js';
import type {EpochEvent} from '../terms/events.js';
import type {Answers, FinishedSeed} from '../terms/finished-seed.js';
import {
	type Condition,
	type RecordedAnswers,
	type RecordedEpoch,
	type RecordedSeed,
	type StepRecord,
	writeLabels,
} from '../terms/record.js';
import {summarize} from '../terms/summarize.js';
import type {TrainOptions} from '../terms/train-options.js';
import {writeRecord} from './files.js';

/** How a step is recorded. */
export type RecordOptions = Pick<TrainOptions, 'engine' | 'threads' | 'jobs' | 'signal'> & {
	/** One run each. */
	readonly seeds: readonly number[];
	/** Where the runs are kept: those that are there already are gone on with, or taken as they are. */
	readonly out: string;
	/** Whether to train anew what is there already. */
	readonly fresh?: boolean;
};

/** The runs that a record still needs, under way, and what makes the record of them. */
export type Recording = {
	/** Seeds whose runs were finished before. */
	readonly finished: readonly number[];
	/** The others; none where all were finished. */
	readonly training: Training | undefined;
	/** Writes the record, once the training has come to its end. */
	readonly write: () => StepRecord;
};

/**
 * Trains a step over seeds on its ladder's data, and keeps the record.
 *
 * An interrupted recording goes on from the last finished epoch of each seed, and makes the record of an unbroken one.
 */
export const makeRecord = (
	place: Place,
	data: Data,
	{seeds, out, fresh = false, ...options}: RecordOptions,
): Recording => {
	const {step} = place;
	const parent = path.join(out, step.name);
	if (fresh) {
		rmSync(parent, {recursive: true, force: true});
	}

	const folders = new Map(seeds.map(seed => [seed, findRun(parent, place, data, seed, options.engine)]));
	const isFinished = (seed: number): boolean => {
		const folder = folders.get(seed);
		return folder !== undefined && RunFolder.isFinished(folder);
	};

	const missing = seeds.filter(seed => !isFinished(seed));
	const training =
		missing.length > 0
			? trainInFolders(step, {...options, data: sourceOf(data), seeds: missing}, run => {
					const found = folders.get(run.seed);
					const folder = found === undefined ? RunFolder.create(out, run) : RunFolder.reopen(found).opened;
					folders.set(run.seed, folder.path);
					return folder;
				})
			: undefined;
	const write = (): StepRecord => {
		const record = assemble(
			place,
			data,
			seeds.map(seed => [seed, folders.get(seed) ?? '']),
		);
		writeRecord(place.record, record);
		return record;
	};

	return {finished: seeds.filter(isFinished), training, write};
};

/** The furthest run of a seed that was told just what the record asks for. */
const findRun = (
	parent: string,
	{step}: Place,
	data: Data,
	seed: number,
	engine: string | undefined,
): string | undefined => {
	const folders = existsSync(parent) ? readdirSync(parent).map(name => path.join(parent, name)) : [];
	const fitting = folders.filter(folder => {
		const run = readRun(folder);
		if (!run) {
			return false;
		}

		const {limitTrain, limitTest, holdout} = run.options;
		const whole = [limitTrain, limitTest, holdout].every(value => value === undefined) && run.data.hash === data.hash;
		const sameEngine = (run.options.engine ?? 'auto') === (engine ?? 'auto');
		return run.seed === seed && whole && sameEngine && differences(run.experiment, step.experiment).length === 0;
	});
	return fitting.find(folder => RunFolder.isFinished(folder)) ?? fitting.at(-1);
};

/** What a folder's run was told; nothing where it can't be read, as when it is of an older version. */
const readRun = (folder: string): ReturnType<typeof RunFolder.read> | undefined => {
	try {
		return RunFolder.read(folder);
	} catch {
		return undefined;
	}
};

type Result = Omit<FinishedSeed, 'result' | 'answers'> & {readonly trainCleanCorrect: number};

const assemble = ({step}: Place, data: Data, runs: ReadonlyArray<readonly [number, string]>): StepRecord => {
	const conditions: Condition[] = [];
	const seeds: RecordedSeed[] = [];
	const epochs: RecordedEpoch[] = [];
	const answers: RecordedAnswers[] = [];
	const expected = data.testLabels();
	for (const [seed, folder] of runs) {
		const read = (file: string): string => readFileSync(path.join(folder, file), 'utf8');
		const {versions, machine} = JSON.parse(read('config.json')) as Condition;
		let condition = conditions.findIndex(known => differences(known, {versions, machine}).length === 0);
		if (condition === -1) {
			condition = conditions.push({versions, machine}) - 1;
		}

		const {engine, device, threads, trainCleanCorrect, trainCleanTotal, seconds} = JSON.parse(
			read('result.json'),
		) as Result;
		seeds.push({seed, engine, device, threads, trainCleanCorrect, trainCleanTotal, seconds, condition});
		for (const line of read('events.jsonl').trimEnd().split('\n')) {
			const {type: _, step: __, epochs: ___, ...row} = JSON.parse(line) as EpochEvent;
			epochs.push(row);
		}

		const {labels, probabilities} = JSON.parse(read('predictions.json')) as Answers;
		const mistakes = labels.flatMap((label, image) =>
			label === expected[image] ? [] : [[String(image), Number((probabilities[image] ?? 0).toFixed(4))] as const],
		);
		answers.push({seed, labels: writeLabels(labels, data.classes.length), mistakes: Object.fromEntries(mistakes)});
	}

	const {parameters} = summarize(step.experiment.net);
	return {
		...{step: step.name, parameters, experiment: step.experiment, data: describe(data)},
		...{conditions, seeds, epochs, answers},
	};
};
