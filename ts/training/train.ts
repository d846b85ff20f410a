/// <reference lib="esnext.disposable" preserve="true" />
import {randomUUID} from 'node:crypto';
import path from 'node:path';
import process from 'node:process';
import {type Data, sourceOf} from '../data/data.js';
import {openData} from '../data/open-data.js';
import {type AbortError, BudgetError, ConfigError, DataError} from '../errors/index.js';
import {asExperiment, type Experiment} from '../experiment/experiment.js';
import {goalOf} from '../experiment/goal.js';
import {learningRates} from '../experiment/learning-rates.js';
import {formatValue} from '../format/value.js';
import {currentCondition} from '../native/condition.js';
import type {Engine} from '../native/engine.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {abortedBy} from '../platform/abort.js';
import type {SeedResult, TrainEvent, TrainResult} from '../runs/events.js';
import {readFinishedRun} from '../runs/finished-run.js';
import {alreadyFinished, RunFolder} from '../runs/run-folder.js';
import {checkTrainOptions, type TrainOptions} from '../runs/train-options.js';
import {checkTrainable, type Step, type Trainable} from '../step/define-step.js';
import {checkFolder} from '../validation/check-path.js';
import {checkObject} from '../validation/plain-object.js';
import {checkBudgets} from './check-budgets.js';
import {EventQueue} from './event-queue.js';
import {runWorkers} from './run-workers.js';
import {judgeSeed, type SeedRun, trainSeed} from './train-seed.js';

/**
 * Training under way: an async iterator of its events, for one reader, and a promise of its result. It goes on
 * whether or not anybody reads; leaving the loop early drops the unread events, and the training goes on.
 * `await using training = train(...)` ends it along with the block.
 */
export type Training = AsyncIterableIterator<TrainEvent, undefined> & {
	readonly result: Promise<TrainResult>;
	/** Ends the training within a batch: the iterator and `result` then throw an {@link AbortError}. */
	readonly abort: (reason?: unknown) => void;
	/** Ends the training where it still runs, and waits until it has. */
	readonly [Symbol.asyncDispose]: () => Promise<void>;
};

/**
 * Trains a step over its seeds, on threads of their own.
 *
 * @example
 * ```ts
 * const ladder = await openLadder('.');
 * const training = train(ladder.step('lr-scheduler'), {data: ladder.data, seeds: [1, 2, 3]});
 * for await (const event of training) {
 * 	if (event.type === 'epoch') console.log(event.epoch, event.testCorrect / event.testTotal);
 * }
 * const {held} = await training.result;
 * ```
 * Whatever is wrong arrives through the iterator and `result`: a `ConfigError`, a `ShapeError`, a {@link BudgetError},
 * a `DataError`, a `DeviceError`, a `WriteError`, a `DivergedError` or an {@link AbortError}.
 */
export const train = (step: Step | Trainable, options: TrainOptions): Training => {
	const {out, seeds = [1]} = options ?? {};
	const command = Array.isArray(seeds) && seeds.length > 1 ? {id: randomUUID(), seeds} : undefined;
	return trainInFolders(step, options, {
		open: async run => (out === undefined ? undefined : RunFolder.create(out, {...run, command})),
	});
};

/**
 * Goes on with a run that was interrupted, from its last finished epoch to the bits of an unbroken run. The events of
 * the epochs before come first, so that the whole run is told. Where it was one seed of several, all of them are gone on
 * with: those that were finished give their result, those that were not begun are trained.
 *
 * @param folder of the run: it has a `config.json`, and it or another seed of its command no `result.json`
 * @throws {ConfigError} where it is not the folder of an unfinished run, and for any option but `signal`
 */
export const resume = (folder: string, options: Pick<TrainOptions, 'signal'> = {}): Training => {
	checkFolder('resume', folder);
	checkObject('options', options);
	const {signal, ...rest} = options;
	const [other] = Object.entries(rest);
	if (other) {
		const sentence = `\`${other[0]}\` can’t be changed by resuming: a run keeps its settings and its folder`;
		throw new ConfigError(other[0], 'left out', formatValue(other[1]), sentence);
	}

	const run = RunFolder.read(folder);
	const siblings = RunFolder.siblings(folder);
	if (siblings.every(({state}) => state === 'finished')) {
		throw alreadyFinished(folder);
	}

	const seeds = siblings.map(({seed}) => seed);
	const settings = {...run.options, data: sourceOf(run.data), seeds, ...(signal && {signal})};
	const out = path.resolve(folder, '..', '..');
	return trainInFolders({...run.step, experiment: run.experiment}, settings, {
		begin: async (step, stop) => beginAgain(folder, step, stop),
		open: async started => RunFolder.create(out, {...started, command: run.command}),
	});
};

/** Holds what there is of a command's runs, all of it before any goes on: nobody else does then. */
const beginAgain = async (folder: string, step: Trainable, stop: AbortSignal): Promise<Begun> => {
	const opened: RunFolder[] = [];
	const release = (): void => {
		for (const folder of opened) {
			folder.release();
		}
	};
	try {
		const unfinished = new Map<number, RunFolder>();
		const finished = new Map<number, SeedBefore>();
		for (const {seed, folder: place} of RunFolder.siblings(folder)) {
			if (place !== undefined) {
				const held = await RunFolder.lock(place, stop);
				opened.push(held);
				if (RunFolder.isFinished(place)) {
					const {engine, epochs, trainCleanCorrect} = readFinishedRun(place);
					finished.set(seed, {engine, folder: place, result: judgeSeed(seed, epochs, trainCleanCorrect, step.target)});
				} else {
					unfinished.set(seed, held);
				}
			}
		}

		return {unfinished, finished, release};
	} catch (error) {
		release();
		throw error;
	}
};

/** A seed that was finished before. */
type SeedBefore = {readonly engine: Engine; readonly folder: string; readonly result: SeedResult};

/** What there is of a command's runs. */
type Begun = {
	readonly unfinished: ReadonlyMap<number, RunFolder>;
	readonly finished: ReadonlyMap<number, SeedBefore>;
	readonly release: () => void;
};

/** Says where the files of runs go. */
export type Folders = {
	/** Takes over what there is, before anything is trained. */
	readonly begin?: (step: Trainable, stop: AbortSignal) => Promise<Begun>;
	/** The folder of a seed that is not there yet; nowhere for none. It is released when all seeds have come to their end. */
	readonly open: (run: StartedSeed, stop: AbortSignal) => Promise<RunFolder | undefined>;
};

export type StartedSeed = Omit<SeedRun, 'folder' | 'events' | 'isInterrupted'>;

/** {@link train}, with a word in where each run's files go. */
export const trainInFolders = (step: Trainable, options: TrainOptions, folders: Folders): Training => {
	const events = new EventQueue();
	const aborting = new AbortController();
	const result = trainSeeds(step, options, folders, events, aborting.signal);
	result.then(
		() => events.end(),
		(error: unknown) => events.end({error}), // also marks the rejection as seen, for a caller who only iterates
	);
	return {
		result,
		next: async () => events.next(),
		return: async () => events.return(),
		abort(reason) {
			aborting.abort(reason);
		},
		[Symbol.asyncIterator]() {
			return this;
		},
		async [Symbol.asyncDispose]() {
			aborting.abort();
			await result.catch(() => {});
		},
	};
};

const trainSeeds = async (
	step: Trainable,
	options: TrainOptions,
	{begin, open}: Folders,
	events: EventQueue,
	aborted: AbortSignal,
): Promise<TrainResult> => {
	const began = performance.now();
	checkTrainable(step);
	checkTrainOptions(options);
	const {seeds, jobs, threads} = withDefaults(options);
	const experiment = asExperiment({...step.experiment, epochs: options.epochs ?? step.experiment.epochs});
	const parameters = checkBudgets(step, experiment);
	const target = goalOf(step.target);
	const outside = AbortSignal.any([aborted, ...(options.signal ? [options.signal] : [])]);
	if (outside.aborted) {
		throw abortedBy(outside);
	}

	const data = await openData(options.data, process.cwd(), {signal: outside});
	checkFits(step, experiment, data);

	// One seed's failure ends the others too.
	const failure = new AbortController();
	const signal = AbortSignal.any([failure.signal, outside]);
	const {data: _, ...given} = options;
	const results: SeedResult[] = [];
	let engine: Engine = 'fused';
	const opened: RunFolder[] = [];
	const before = await begin?.(step, outside);
	for (const [index, seed] of seeds.entries()) {
		const finished = before?.finished.get(seed);
		if (finished) {
			engine = finished.engine;
			results[index] = finished.result;
			events.push({type: 'seed', step: step.name, folder: finished.folder, ...finished.result});
		}
	}

	// What was begun first: what it came to is there sooner.
	const missing = [...seeds.entries()].filter(([, seed]) => !before?.finished.has(seed));
	const waiting = missing.toSorted(
		([, a], [, b]) => Number(before?.unfinished.has(b) ?? false) - Number(before?.unfinished.has(a) ?? false),
	);
	const work = async (): Promise<void> => {
		for (let next = waiting.shift(); next; next = waiting.shift()) {
			const [index, seed] = next;
			if (signal.aborted) {
				throw abortedBy(signal);
			}

			const started = {step, experiment, seed, data, options: {...given, threads, signal}};
			const folder = before?.unfinished.get(seed) ?? (await open(started, signal));
			if (folder) {
				opened.push(folder);
			}

			const stop = folder ? AbortSignal.any([signal, folder.lost]) : signal;
			const run = {...started, options: {...started.options, signal: stop}};
			const finished = await trainSeed({...run, folder, events, isInterrupted: () => outside.aborted});
			engine = finished.engine;
			results[index] = finished.result;
			folder?.finish({step: step.name, parameters, target, ...finished});
			events.push({type: 'seed', step: step.name, folder: folder?.path, ...finished.result});
		}
	};

	try {
		await runWorkers(Math.min(jobs, waiting.length), work, failure);
	} finally {
		before?.release();
		for (const folder of opened) {
			folder.release();
		}
	}

	const count = results.filter(({held}) => held).length;
	const seconds = (performance.now() - began) / 1000;
	return {
		...{type: 'result', step: step.name, engine, parameters, target},
		...{seeds: results, held: {count, of: results.length}, seconds},
	};
};

/**
 * Judges all that can be judged before a run begins, for whoever changes something on disk before it does.
 *
 * @throws {ConfigError} and the others that {@link train} knows, for the first thing that is wrong
 */
export const checkTraining = (step: Trainable, options: TrainOptions, data: Data): void => {
	checkTrainable(step);
	checkTrainOptions(options);
	const experiment = asExperiment({...step.experiment, epochs: options.epochs ?? step.experiment.epochs});
	checkBudgets(step, experiment);
	checkFits(step, experiment, data);
	learningRates(experiment, data.train);
	currentCondition(options);
	if (options.signal?.aborted) {
		throw abortedBy(options.signal);
	}
};

type Settled = TrainOptions & {readonly seeds: readonly number[]; readonly jobs: number; readonly threads: number};

/** Several seeds share the cores by one thread each, which wastes less than several threads in one run. */
const withDefaults = (options: TrainOptions): Settled => {
	const {seeds = [1]} = options;
	const {cores} = unwrap(native().runtimeInfo());
	const jobs = options.jobs ?? Math.max(1, Math.floor(cores / (options.threads ?? 1)));
	const threads = options.threads ?? (seeds.length > 1 ? Math.max(1, Math.floor(cores / jobs)) : cores);
	return {...options, seeds: [...seeds], jobs, threads}; // the caller's list may change
};

/** Holds data against the net that is to learn them. */
const checkFits = ({name}: Trainable, {net}: Experiment, data: Data): void => {
	const fits = data.channels === net.channels && data.size === net.size && data.classes.length <= net.classes;
	if (!fits) {
		const expected = `images of ${net.channels} x ${net.size} x ${net.size} in at most ${net.classes} classes`;
		const got = `${data.channels} x ${data.size} x ${data.size} in ${data.classes.length}`;
		throw new DataError(
			`the net of step \`${name}\` takes ${expected} (channels, height, width); those of ${data.name} are ${got}: ` +
				'make `net.channels`, `net.size` and `net.classes` fit',
			data.idx.folder,
			expected,
			got,
		);
	}
};
