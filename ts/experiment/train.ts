import {AbortError, BudgetError, ConfigError} from '../errors/index.js';
import {RunFolder} from '../log/run-folder.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {goalOf, type Step, type Trainable} from './define-step.js';
import {EventQueue} from './event-queue.js';
import type {SeedResult, TrainEvent, TrainResult} from './events.js';
import type {Experiment} from './experiment.js';
import {show} from './show.js';
import {checkTypes, type TrainOptions} from './train-options.js';
import {type SeedRun, trainSeed} from './train-seed.js';

/**
 * Training under way: an async iterator of its events, for one reader, and a promise of its result. It goes on
 * whether or not anybody reads; leaving the loop early lets the events go and leaves the training running.
 */
export type Training = AsyncIterableIterator<TrainEvent> & {readonly result: Promise<TrainResult>};

/**
 * Trains a step over its seeds, on threads of their own.
 *
 * @example
 * ```ts
 * const training = train(findStep('lr-scheduler'), {seeds: [1, 2, 3]});
 * for await (const event of training) {
 * 	if (event.type === 'epoch') console.log(event.epoch, event.testCorrect / event.testTotal);
 * }
 * const {held} = await training.result;
 * ```
 * Whatever is wrong arrives through the iterator and `result`: a {@link ConfigError}, a `ShapeError`, a
 * {@link BudgetError}, a `DataError`, a `DeviceError`, a `WriteError`, a `DivergedError` or an {@link AbortError}.
 */
export const train = (step: Step, options: TrainOptions = {}): Training => {
	const {out} = options;
	return trainInFolders(step, options, run => (out === undefined ? undefined : RunFolder.create(out, run)));
};

/**
 * Goes on with a run that was interrupted, from its last finished epoch to the bits of an unbroken run. The events of
 * the epochs before come first, so that the whole run is told.
 *
 * @param folder of the run: it has a `config.json` and no `result.json`
 * @throws {ConfigError} where it is not the folder of an unfinished run
 */
export const resume = (folder: string, {signal}: Pick<TrainOptions, 'signal'> = {}): Training => {
	const {run, opened} = RunFolder.reopen(folder);
	const options = {...run.options, seeds: [run.seed], ...(signal && {signal})};
	return trainInFolders({...run.step, experiment: run.experiment}, options, () => opened);
};

/** Says where a run's files go; nowhere for none. */
export type OpenFolder = (run: Omit<SeedRun, 'folder' | 'events'>) => RunFolder | undefined;

/** {@link train}, with a word in where each run's files go. */
export const trainInFolders = (step: Trainable, options: TrainOptions, open: OpenFolder): Training => {
	const events = new EventQueue();
	const result = trainSeeds(step, options, open, events);
	result.then(
		() => events.end(),
		(error: unknown) => events.end({error}), // also marks the rejection as seen, for a caller who only iterates
	);
	return Object.assign(events, {result});
};

const trainSeeds = async (
	step: Trainable,
	options: TrainOptions,
	open: OpenFolder,
	events: EventQueue,
): Promise<TrainResult> => {
	const begun = performance.now();
	checkTypes(options);
	const {seeds = [1], jobs, threads} = withDefaults(options);
	const experiment: Experiment = {...step.experiment, epochs: options.epochs ?? step.experiment.epochs};
	const parameters = checkBudgets(step, experiment);
	const target = goalOf(step.target);

	// One seed's failure ends the others too.
	const failure = new AbortController();
	const signal = AbortSignal.any([failure.signal, ...(options.signal ? [options.signal] : [])]);
	const results: SeedResult[] = [];
	let engine = '';
	const waiting = [...seeds.entries()];
	const work = async (): Promise<void> => {
		for (let next = waiting.shift(); next; next = waiting.shift()) {
			const [index, seed] = next;
			if (signal.aborted) {
				throw new AbortError(signal.reason);
			}

			const run = {step, experiment, seed, options: {...options, threads, signal}};
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
	const jobs = options.jobs ?? Math.max(1, Math.floor(cores / (options.threads ?? 1)) || 1);
	if (!Number.isSafeInteger(jobs) || jobs < 1 || jobs > 1024) {
		throw new ConfigError('jobs', 'a whole number from 1 to 1024', show(jobs));
	}

	const threads = options.threads ?? (seeds.length > 1 ? Math.max(1, Math.floor(cores / jobs)) : cores);
	return {...options, seeds, jobs, threads};
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
