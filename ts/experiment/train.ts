import type {RunEvent, RunOptions} from '#binding';
import {mnistFolder} from '../data/mnist.js';
import {AbortError, BudgetError, ConfigError} from '../errors/index.js';
import {RunFolder} from '../log/run-folder.js';
import {native} from '../native/load.js';
import {toError, unwrap} from '../native/unwrap.js';
import type {Step} from './define-step.js';
import {EventQueue} from './event-queue.js';
import type {EpochEvent, SeedResult, TrainEvent, TrainResult} from './events.js';
import type {Experiment} from './experiment.js';
import {show} from './show.js';

/** Where and how a step is trained. */
export type TrainOptions = {
	/**
	 * One run each.
	 *
	 * @default [1]
	 */
	readonly seeds?: readonly number[];
	/**
	 * Passes over the training set, in place of the step's own.
	 */
	readonly epochs?: number;
	/**
	 * @default 'auto': CUDA where it is available, else the CPU
	 */
	readonly device?: 'auto' | 'cpu' | 'cuda';
	/**
	 * What computes losses and gradients.
	 *
	 * @default 'auto'
	 */
	readonly engine?: 'auto' | 'aten' | 'fused';
	/**
	 * Threads of one run.
	 *
	 * @default the number of cores for one seed, 1 for several
	 */
	readonly threads?: number;
	/**
	 * Seeds that are trained at once.
	 *
	 * @default the number of cores over `threads`
	 */
	readonly jobs?: number;
	/**
	 * A folder with four IDX files named as MNIST's, plain or `.gz`.
	 *
	 * @default MNIST
	 */
	readonly dataDir?: string;
	/** The first so many training images. */
	readonly limitTrain?: number;
	/** The first so many test images. */
	readonly limitTest?: number;
	/** Where each run gets a folder of its own, with its configuration, log, model and result; kept nowhere without. */
	readonly out?: string;
	/** Ends the run within a batch: the iterator and `result` then throw an {@link AbortError}. */
	readonly signal?: AbortSignal;
};

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
	const events = new EventQueue();
	const result = trainSeeds(step, options, events);
	result.then(
		() => events.end(),
		(error: unknown) => events.end({error}), // also marks the rejection as seen, for a caller who only iterates
	);
	return Object.assign(events, {result});
};

const trainSeeds = async (step: Step, options: TrainOptions, events: EventQueue): Promise<TrainResult> => {
	const begun = performance.now();
	checkTypes(options);
	const {seeds = [1], jobs, threads} = withDefaults(options);
	const experiment: Experiment = {...step.experiment, epochs: options.epochs ?? step.experiment.epochs};
	const parameters = checkBudgets(step, experiment);

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
			const folder = options.out === undefined ? undefined : RunFolder.create(options.out, run);
			const finished = await trainSeed({...run, folder, events});
			engine = finished.engine;
			results[index] = finished.result;
			folder?.finish({step: step.name, parameters, target: step.target, ...finished});
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
		...{type: 'result', step: step.name, engine, parameters, target: step.target},
		...{seeds: results, held: {count, of: results.length}, seconds},
	};
};

type Settled = TrainOptions & {readonly seeds: readonly number[]; readonly jobs: number; readonly threads: number};

/** Several seeds share the cores by one thread each, which wastes less than several threads in one run. */
const withDefaults = (options: TrainOptions): Settled => {
	const {seeds = [1]} = options;
	const {cores} = native().runtimeInfo();
	const jobs = options.jobs ?? Math.max(1, Math.floor(cores / (options.threads ?? 1)) || 1);
	if (!Number.isSafeInteger(jobs) || jobs < 1 || jobs > 1024) {
		throw new ConfigError('jobs', 'a whole number from 1 to 1024', show(jobs));
	}

	const threads = options.threads ?? (seeds.length > 1 ? Math.max(1, Math.floor(cores / jobs)) : cores);
	return {...options, seeds, jobs, threads};
};

/** What a finished seed leaves besides its log. */
export type FinishedSeed = {
	readonly result: SeedResult;
	readonly trainCleanTotal: number;
	readonly engine: string;
	readonly device: string;
	readonly threads: number;
	readonly seconds: number;
};

type SeedRun = {
	readonly step: Step;
	readonly experiment: Experiment;
	readonly seed: number;
	readonly options: TrainOptions;
	readonly folder: RunFolder | undefined;
	readonly events: EventQueue;
};

const trainSeed = async ({step, experiment, seed, options, folder, events}: SeedRun): Promise<FinishedSeed> => {
	const {signal} = options;
	const run = native().Run.start(experiment, nativeOptions(options, seed, folder?.modelPath));
	const cancel = (): void => run.cancel();
	signal?.addEventListener('abort', cancel, {once: true});
	const {epochs} = experiment;
	const accuracies: number[] = [];
	try {
		for (;;) {
			const event: RunEvent = await run.next();
			switch (event.type) {
				case 'started': {
					events.push({type: 'start', step: step.name, seed, engine: event.engine, note: event.note});
					break;
				}

				case 'batch': {
					events.push({...event, step: step.name, seed, epochs});
					break;
				}

				case 'epoch': {
					const row = asEpochEvent(event, step.name, seed, epochs);
					accuracies.push(row.testCorrect / row.testTotal);
					folder?.log(row);
					events.push(row);
					break;
				}

				case 'finished': {
					const {trainClean, engine, device, threads, seconds} = event;
					const lastEpochs = accuracies.slice(-step.target.heldFor);
					const held =
						lastEpochs.length === step.target.heldFor &&
						lastEpochs.every(accuracy => accuracy >= step.target.testAccuracy);
					const result = {seed, lastEpochs, trainCleanCorrect: trainClean.correct, held};
					return {result, trainCleanTotal: trainClean.total, engine, device, threads, seconds};
				}

				case 'failed': {
					throw event.failure.code === 'cancelled' ? new AbortError(signal?.reason) : toError(event.failure);
				}
			}
		}
	} catch (error) {
		if (accuracies.length === 0) {
			folder?.discard(); // a wrong setting should leave nothing behind
		}

		throw error;
	} finally {
		signal?.removeEventListener('abort', cancel);
		run.cancel(); // when a log could not be written, nobody waits for the rest
	}
};

const asEpochEvent = (
	{epoch, learningRate, train, test, seconds}: RunEvent & {type: 'epoch'},
	step: string,
	seed: number,
	epochs: number,
): EpochEvent => ({
	...{type: 'epoch', step, seed, epoch, epochs, learningRate},
	...{trainLoss: train.loss, trainCorrect: train.correct, trainTotal: train.total},
	...{testLoss: test.loss, testCorrect: test.correct, testTotal: test.total, seconds},
});

const nativeOptions = (options: TrainOptions, seed: number, modelPath: string | undefined): RunOptions => {
	const {device = 'auto', engine = 'auto', threads, dataDir, limitTrain, limitTest} = options;
	const native: RunOptions = {seed, device, engine, dataDir: dataDir ?? mnistFolder(), isMnist: dataDir === undefined};
	const optional = {threads, limitTrain, limitTest, modelPath};
	return Object.assign(native, Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)));
};

/** Names and types; which numbers make sense is the trainer's to judge. */
const checkTypes = (options: TrainOptions): void => {
	const known = new Set(Object.keys(optionChecks));
	for (const [setting, value] of Object.entries(options)) {
		if (!known.has(setting)) {
			throw new ConfigError(setting, `left out (the options are ${[...known].join(', ')})`, show(value));
		}

		const {expected, is} = optionChecks[setting as keyof TrainOptions];
		if (value !== undefined && !is(value)) {
			throw new ConfigError(setting, expected, show(value));
		}
	}
};

type OptionCheck = {readonly expected: string; readonly is: (value: unknown) => boolean};

const aNumber: OptionCheck = {expected: 'a whole number', is: value => typeof value === 'number'};
const aPath: OptionCheck = {expected: 'a path', is: value => typeof value === 'string' && value !== ''};
const oneOf = (...names: string[]): OptionCheck => ({
	expected: `one of ${names.map(name => `\`${name}\``).join(', ')}`,
	is: value => names.includes(value as string),
});

const optionChecks: Record<keyof TrainOptions, OptionCheck> = {
	seeds: {
		expected: 'a list of different whole numbers, at least one',
		is: value =>
			Array.isArray(value) &&
			value.length > 0 &&
			value.every(seed => typeof seed === 'number') &&
			new Set(value).size === value.length,
	},
	epochs: aNumber,
	device: oneOf('auto', 'cpu', 'cuda'),
	engine: oneOf('auto', 'aten', 'fused'),
	threads: aNumber,
	jobs: aNumber,
	dataDir: aPath,
	limitTrain: aNumber,
	limitTest: aNumber,
	out: aPath,
	signal: {expected: 'an AbortSignal', is: value => value instanceof AbortSignal},
};

/**
 * Holds a step to its own budgets before anything is trained.
 *
 * @returns the number of parameters, counted on the net that was built
 */
const checkBudgets = ({name, target}: Step, experiment: Experiment): number => {
	if (experiment.epochs > target.maxEpochs) {
		throw new BudgetError(name, 'epochs', target.maxEpochs, experiment.epochs);
	}

	const {parameters} = unwrap(native().summarize(experiment.net));
	if (parameters > target.maxParameters) {
		throw new BudgetError(name, 'parameters', target.maxParameters, parameters);
	}

	return parameters;
};
