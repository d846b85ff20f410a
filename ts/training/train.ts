import {randomUUID} from 'node:crypto';
import path from 'node:path';
import process from 'node:process';
import {noteRun} from '../cache/uses.js';
import type {Measured} from '../claims/measured.js';
import {measurePredictionsOverSeeds} from '../claims/measured-predictions.js';
import {openData} from '../data/open-data.js';
import type {AbortError, BudgetError} from '../errors/index.js';
import {aimOf, type Goal, goalOf} from '../experiment/goal.js';
import {constantAnswer, isTrivial} from '../experiment/metric.js';
import type {Engine} from '../native/engine.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {abortedBy} from '../platform/abort.js';
import {runWorkers} from '../platform/run-workers.js';
import {runCreator} from '../runs/create-run.js';
import type {EstimateOverSeeds, SeedResult, TrainEvent, TrainMeasures, TrainResult} from '../runs/events.js';
import {readFinishedRun} from '../runs/finished-run.js';
import type {RunFolder} from '../runs/run-folder.js';
import type {TrainOptions} from '../runs/train-options.js';
import {type SettledSlurm, settleSlurm} from '../slurm/options.js';
import {testSubmission} from '../slurm/submit.js';
import type {Step, Trainable} from '../step/define-step.js';
import {withWeightHashes} from '../step/weight-files.js';
import {checkFits, checkStep} from './check-training.js';
import {hintsFor} from './hints.js';
import {countsForLoss, findMissingClasses, imageSelection, newDrawSeed} from './image-selection.js';
import {type NotedTraining, noteTraining} from './note-training.js';
import {trainSeedsOnSlurm} from './seeds-on-slurm.js';
import {type SeedRun, seedResult, trainSeed} from './train-seed.js';
import {startTraining, type Training} from './training.js';

/**
 * Trains a step over its seeds, each on its own threads.
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
 * All errors arrive through the iterator and `result`: a `ConfigError`, a `ShapeError`, a {@link BudgetError}, a `DataError`,
 * a `DeviceError`, a `WriteError`, a `DivergedError` or an {@link AbortError}.
 */
export const train = (step: Step | Trainable, options: TrainOptions): Training => {
	const {out, seeds = [1]} = options ?? {};
	const command = Array.isArray(seeds) && seeds.length > 1 ? {id: randomUUID(), seeds} : undefined;
	const createRun = out === undefined ? undefined : runCreator(out);
	const folders: Folders = {
		open: async run => createRun?.({...run, command}),
		note: noteTraining,
		...(command && {name: command.id}),
	};
	return trainInFolders(step, options, folders, newDrawSeed);
};

/** Opens the folders of runs. */
export type Folders = {
	/** Notes the training in the ledger of the step's ladder, before anything is trained. */
	readonly note?: typeof noteTraining;
	/** Opens the existing runs, before anything is trained. */
	readonly begin?: (step: Trainable, signal: AbortSignal) => Promise<ExistingRuns>;
	/** Opens the folder of a seed without an existing run; `undefined` to save nothing. It is released when all seeds have ended. */
	readonly open: (run: StartedSeed, signal: AbortSignal) => Promise<RunFolder | undefined>;
	/** Returns the folder of a seed's existing run, which tasks of Slurm lock by themselves; `undefined` if it has none. */
	readonly find?: (seed: number) => string | undefined;
	/** The name of the runs' work on a cluster; by default that of the first folder. */
	readonly name?: string;
};

/** A seed that had finished before. */
export type FinishedBefore = {readonly engine: Engine; readonly folder: string; readonly result: SeedResult};

/** The existing runs of a command, locked. */
export type ExistingRuns = {
	readonly unfinished: ReadonlyMap<number, RunFolder>;
	readonly finished: ReadonlyMap<number, FinishedBefore>;
	readonly release: () => void;
};

export type StartedSeed = Omit<SeedRun, 'folder' | 'emit' | 'isInterrupted'>;

/**
 * Trains as {@link train} does, in the given folders.
 *
 * @param drawSeed as in `RunConfig`
 */
export const trainInFolders = (
	step: Trainable,
	options: TrainOptions,
	folders: Folders,
	drawSeed: number | undefined,
): Training => startTraining(async (emit, signal) => trainSeeds(step, options, folders, drawSeed, emit, signal));

const trainSeeds = async (
	step: Trainable,
	options: TrainOptions,
	{begin, open, note, find, name}: Folders,
	givenDrawSeed: number | undefined,
	emit: (event: TrainEvent) => void,
	aborted: AbortSignal,
): Promise<TrainResult> => {
	const began = performance.now();
	const checked = checkStep(step, options);
	const {parameters} = checked;
	const experiment = withWeightHashes(checked.experiment, step.folder);
	const slurm = options.on === 'slurm' ? settleSlurm(options.slurm ?? {}) : undefined;
	const {seeds, jobs, threads} = withDefaults(options, slurm?.cpus);
	const target = goalOf(step.target);
	const outside = AbortSignal.any([aborted, ...(options.signal ? [options.signal] : [])]);
	if (outside.aborted) {
		throw abortedBy(outside);
	}

	const data = await openData(options.data, process.cwd(), {signal: outside});
	checkFits(step, experiment, data);

	const {data: _, on: __, slurm: ___, detach = false, report = () => {}, tensorboard, ...others} = options;
	// Absolute, since a run may be resumed in another working folder.
	const given = {...others, ...(tensorboard !== undefined && {tensorboard: path.resolve(tensorboard)})};
	const {limitTrain, limitTest, holdout} = given;
	const draws = [limitTrain, limitTest, holdout].some(count => count !== undefined);
	const drawSeed = draws ? givenDrawSeed : undefined;
	const missingClasses = await findMissingClasses(data, imageSelection(given, drawSeed));
	const classCounts = await countsForLoss(experiment, data, imageSelection(given, drawSeed));
	const hints = hintsFor(experiment, Math.min(limitTrain ?? data.train, data.train) - (holdout ?? 0));
	const results: SeedResult[] = [];
	let engine: Engine = 'fused';
	const existing = await begin?.(step, outside);
	for (const [index, seed] of seeds.entries()) {
		const finished = existing?.finished.get(seed);
		if (finished) {
			engine = finished.engine;
			results[index] = finished.result;
			emit({type: 'seed', step: step.name, folder: finished.folder, ...finished.result});
		}
	}

	const missing = [...seeds.entries()].filter(([, seed]) => !existing?.finished.has(seed));
	let noted: NotedTraining | undefined;
	const noteOnce = (): void => {
		noted ??= note?.(step, experiment, data, {...given, seeds: missing.map(([, seed]) => seed)});
	};
	const noteAndEmit = (event: TrainEvent): void => {
		if (event.type !== 'start') {
			emit(event);
			return;
		}

		noteOnce(); // only now is it known that the trainer accepts all settings, and nothing has been evaluated yet
		const hints = [...(event.hints ?? []), ...(noted?.problem === undefined ? [] : [noted.problem])];
		emit({...event, ...(hints.length > 0 && {hints})});
	};
	const isUnfinished = (seed: number): number => Number(existing?.unfinished.has(seed) ?? false);
	const queue = missing.toSorted(([, a], [, b]) => isUnfinished(b) - isUnfinished(a)); // they finish sooner
	const opened: RunFolder[] = [];
	const startOf = (seed: number, signal: AbortSignal): StartedSeed => ({
		...{step, experiment, seed, data, drawSeed, classCounts, missingClasses, hints},
		options: {...given, threads, signal},
	});
	const trainHere = async (): Promise<void> =>
		runWorkers(queue, jobs, outside, async ([index, seed], signal) => {
			const started = startOf(seed, signal);
			const folder = existing?.unfinished.get(seed) ?? (await open(started, signal));
			if (folder) {
				opened.push(folder);
				await noteRun(data.idx.folder, folder.path);
			}

			const stop = folder ? AbortSignal.any([signal, folder.lost]) : signal;
			const run = {...started, options: {...started.options, signal: stop}};
			const finished = await trainSeed({...run, folder, emit: noteAndEmit, isInterrupted: () => outside.aborted});
			engine = finished.engine;
			results[index] = finished.result;
			folder?.finish({step: step.name, parameters, target, ...finished});
			emit({type: 'seed', step: step.name, folder: folder?.path, ...finished.result});
		});
	const notes = {...(missingClasses && {missingClasses}), ...(hints.length > 0 && {hints})};
	const trainOnCluster = async (slurm: SettledSlurm): Promise<void> => {
		if (queue.some(([, seed]) => find?.(seed) === undefined)) {
			await testSubmission(slurm, outside); // before there are folders
		}

		const runs = new Map<number, string>();
		for (const [, seed] of queue) {
			const found = find?.(seed) ?? released(await open(startOf(seed, outside), outside));
			runs.set(seed, found);
			await noteRun(data.idx.folder, found);
		}

		if (queue.length > 0) {
			noteOnce();
		}

		const indices = new Map(queue.map(([index, seed]) => [seed, index]));
		await trainSeedsOnSlurm({
			...{step: step.name, folders: runs, slurm, jobs, report, signal: outside},
			...{out: options.out ?? '', name: name ?? path.basename([...runs.values()][0] ?? ''), detach},
			emit: event => noteAndEmit(event.type === 'start' ? {...event, ...notes} : event),
			finish(seed) {
				const folder = runs.get(seed) ?? '';
				const run = readFinishedRun(folder);
				engine = run.engine;
				const result = seedResult(run, step.target, data.classes);
				results[indices.get(seed) ?? 0] = result;
				emit({type: 'seed', step: step.name, folder, ...result});
			},
		});
	};
	try {
		await (slurm ? trainOnCluster(slurm) : trainHere());
	} finally {
		existing?.release();
		for (const folder of opened) {
			folder.release();
		}

		noted?.end(missing.flatMap(([index, seed]) => (results[index] ? [seed] : [])));
	}

	const count = results.filter(({held}) => held).length;
	const seconds = (performance.now() - began) / 1000;
	return {
		...{type: 'result', step: step.name, engine, parameters, target},
		...{seeds: results, held: {count, of: results.length}, ...overSeeds(results, target, data.classes), seconds},
	};
};

/** Summarizes the predictions of all seeds. */
const overSeeds = (
	results: readonly SeedResult[],
	target: Goal,
	classes: readonly string[],
): Pick<TrainResult, 'measures' | 'constantAnswer' | 'trivial'> => {
	const bySeed = new Map(results.flatMap(({seed, measures}) => (measures ? [[seed, measures] as const] : [])));
	const found = measurePredictionsOverSeeds(bySeed);
	if (!found || bySeed.size < results.length) {
		return {measures: undefined, constantAnswer: undefined, trivial: undefined};
	}

	const estimate = ({mean, low, high, values}: Measured): EstimateOverSeeds =>
		values.length > 1 ? {mean, low, high} : {mean, low: undefined, high: undefined};
	const {perClass, ...measures} = found;
	const aim = aimOf(target);
	const answer = constantAnswer(
		aim.metric,
		perClass.map(({count}) => count),
		classes,
	);
	return {
		measures: {
			...(Object.fromEntries(
				Object.entries(measures).flatMap(([name, value]) => (value ? [[name, estimate(value)]] : [])),
			) as Omit<TrainMeasures, 'perClass'>),
			perClass: perClass.map(({precision, recall, f1, ...rest}) => ({
				...rest,
				...{precision: estimate(precision), recall: estimate(recall), f1: estimate(f1)},
			})),
		},
		...{constantAnswer: answer, trivial: isTrivial(aim, answer)},
	};
};

/** Releases a new run, for the task that will train it; returns its folder. */
const released = (folder: RunFolder | undefined): string => {
	if (!folder) {
		throw new Error('runs of a cluster are saved');
	}

	folder.begin();
	folder.release();
	return folder.path;
};

type Settled = TrainOptions & {readonly seeds: readonly number[]; readonly jobs: number; readonly threads: number};

/** Fills in defaults. Several seeds share the cores by one thread each, which wastes less than several threads in one run. */
const withDefaults = (options: TrainOptions, cores = unwrap(native().runtimeInfo()).cores): Settled => {
	const {seeds = [1]} = options;
	const jobs = options.jobs ?? Math.max(1, Math.floor(cores / (options.threads ?? 1)));
	const threads = options.threads ?? (seeds.length > 1 ? Math.max(1, Math.floor(cores / jobs)) : cores);
	return {...options, seeds: [...seeds], jobs, threads}; // the caller's list may change
};
