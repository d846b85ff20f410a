/// <reference lib="esnext.disposable" preserve="true" />
import process from 'node:process';
import {type Data, sourceOf} from '../data/data.js';
import {AbortError, BudgetError, DataError} from '../errors/index.js';
import {RunFolder} from '../log/run-folder.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {checkPath} from '../terms/check-path.js';
import {checkTrainable, type Step, type Trainable} from '../terms/define-step.js';
import type {Engine, SeedResult, TrainEvent, TrainResult} from '../terms/events.js';
import {asExperiment, type Experiment} from '../terms/experiment.js';
import {goalOf} from '../terms/goal.js';
import {checkTypes, type TrainOptions} from '../terms/train-options.js';
import {EventQueue} from './event-queue.js';
import {type SeedRun, trainSeed} from './train-seed.js';

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
export const train = (step: Step | Trainable, options: TrainOptions): Training =>
	trainInFolders(step, options, run => (options.out === undefined ? undefined : RunFolder.create(options.out, run)));

/**
 * Goes on with a run that was interrupted, from its last finished epoch to the bits of an unbroken run. The events of
 * the epochs before come first, so that the whole run is told.
 *
 * @param folder of the run: it has a `config.json` and no `result.json`
 * @throws {ConfigError} where it is not the folder of an unfinished run
 */
export const resume = (folder: string, {signal}: Pick<TrainOptions, 'signal'> = {}): Training => {
	checkPath('resume', folder);
	const {run, opened} = RunFolder.reopen(folder);
	const options = {...run.options, data: sourceOf(run.data), seeds: [run.seed], ...(signal && {signal})};
	return trainInFolders({...run.step, experiment: run.experiment}, options, () => opened);
};

/** Says where a run's files go; nowhere for none. */
export type OpenFolder = (run: Omit<SeedRun, 'folder' | 'events'>) => RunFolder | undefined;

/** {@link train}, with a word in where each run's files go. */
export const trainInFolders = (step: Trainable, options: TrainOptions, open: OpenFolder): Training => {
	const events = new EventQueue();
	const aborting = new AbortController();
	const result = trainSeeds(step, options, open, events, aborting.signal);
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
	open: OpenFolder,
	events: EventQueue,
	aborted: AbortSignal,
): Promise<TrainResult> => {
	const begun = performance.now();
	checkTrainable(step);
	checkTypes(options);
	const {seeds, jobs, threads} = withDefaults(options);
	const experiment = asExperiment({...step.experiment, epochs: options.epochs ?? step.experiment.epochs});
	const parameters = checkBudgets(step, experiment);
	const target = goalOf(step.target);
	const signals = [aborted, ...(options.signal ? [options.signal] : [])];
	if (signals.some(signal => signal.aborted)) {
		throw new AbortError(AbortSignal.any(signals).reason);
	}

	const data = await options.data.open(process.cwd());
	checkFits(step, experiment, data);

	// One seed's failure ends the others too.
	const failure = new AbortController();
	const signal = AbortSignal.any([failure.signal, ...signals]);
	const {data: _, ...given} = options;
	const results: SeedResult[] = [];
	let engine: Engine = 'fused';
	const waiting = [...seeds.entries()];
	const work = async (): Promise<void> => {
		for (let next = waiting.shift(); next; next = waiting.shift()) {
			const [index, seed] = next;
			if (signal.aborted) {
				throw new AbortError(signal.reason);
			}

			const run = {step, experiment, seed, data, options: {...given, threads, signal}};
			const folder = open(run);
			const finished = await trainSeed({...run, folder, events});
			engine = finished.engine;
			results[index] = finished.result;
			folder?.finish({step: step.name, parameters, target, ...finished});
			events.push({type: 'seed', step: step.name, folder: folder?.path, ...finished.result});
		}
	};

	const workers = Array.from({length: Math.min(jobs, seeds.length)}, work);
	try {
		await Promise.all(workers);
	} catch (error) {
		failure.abort(error);
		await Promise.allSettled(workers); // none is left running
		throw error;
	}

	const count = results.filter(({held}) => held).length;
	const seconds = (performance.now() - begun) / 1000;
	return {
		...{type: 'result', step: step.name, engine, parameters, target},
		...{seeds: results, held: {count, of: results.length}, seconds},
	};
};

type Settled = TrainOptions & {readonly seeds: readonly number[]; readonly jobs: number; readonly threads: number};

/** Several seeds share the cores by one thread each, which wastes less than several threads in one run. */
const withDefaults = (options: TrainOptions): Settled => {
	const {seeds = [1]} = options;
	const {cores} = unwrap(native().runtimeInfo());
	const jobs = options.jobs ?? Math.max(1, Math.floor(cores / (options.threads ?? 1)));
	const threads = options.threads ?? (seeds.length > 1 ? Math.max(1, Math.floor(cores / jobs)) : cores);
	return {...options, seeds, jobs, threads};
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

/**
 * Holds a step to its own budgets before anything is trained.
 *
 * @returns the number of parameters, counted on the net that was built
 */
const checkBudgets = ({name, target}: Trainable, experiment: Experiment): number => {
	if (experiment.epochs > target.maxEpochs) {
		throw new BudgetError(name, 'epochs', target.maxEpochs, experiment.epochs);
	}

	const {parameters} = unwrap(native().summarize(experiment.net));
	if (parameters > target.maxParameters) {
		throw new BudgetError(name, 'parameters', target.maxParameters, parameters);
	}

	return parameters;
};
