import {existsSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {type Data, describe, type OpenOptions} from '../data/data.js';
import {checkOpenOptions, openData} from '../data/open-data.js';
import {ConfigError, RecordError} from '../errors/index.js';
import {differences} from '../experiment/difference.js';
import {asExperiment} from '../experiment/experiment.js';
import {learningRates} from '../experiment/learning-rates.js';
import {settingsName} from '../experiment/settings.js';
import {displayPath} from '../format/command-line.js';
import {formatValue} from '../format/value.js';
import {canonicalJson, sha256} from '../fs/hash.js';
import {acquireLock, isLockName, type Lock, lockPathFor} from '../fs/lock.js';
import {makeFolders} from '../fs/make-folders.js';
import {wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {isPartialFile, removePartialFiles, writeFileAtomic} from '../fs/write-file-atomic.js';
import {checkLadder} from '../ladder/check-ladder.js';
import type {Ladder} from '../ladder/open-ladder.js';
import type {Condition} from '../native/condition.js';
import {currentCondition} from '../native/condition.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {abortedBy} from '../platform/abort.js';
import {checkTrainOptions, requireSeeds, type TrainOptions} from '../runs/train-options.js';
import {checkName, type Step} from '../step/define-step.js';
import {checkBudgets} from '../training/check-budgets.js';
import {runWorkers} from '../training/run-workers.js';
import {checkFresh} from '../validation/check-fresh.js';
import {checkPath} from '../validation/check-path.js';
import {hasSweep, readSweep, sweepFiles, sweepsFolder, writeSweep} from './file.js';
import {hasSweepPage, pageFile, pictureFile, writeSweepPage} from './page.js';
import {checkVary, type SweepPlan, type Trial, trialsOf, type Varied} from './plan.js';
import type {SweepResult} from './result.js';
import {summarizeSweep} from './result.js';
import type {SweepEpoch, SweepRecord, SweepRun} from './sweep-record.js';
import {trainTrial} from './train-trial.js';
import {TrialFolder} from './trial-folder.js';

/** What a sweep tries, and how. */
export type SweepOptions = Pick<TrainOptions, 'epochs' | 'limitTrain' | 'threads' | 'jobs' | 'signal'> &
	Pick<OpenOptions, 'skipDamaged'> & {
		/** Each setting with the values to try, or a range to draw them from. */
		readonly vary: readonly Varied[];
		/** So many trials are drawn at random, in place of the whole grid. */
		readonly sample?: number;
		/**
		 * Which draw: another number draws other trials.
		 *
		 * @default 1
		 */
		readonly draw?: number;
		/** One run of each trial each. They should be none that a record uses. */
		readonly seeds: readonly number[];
		/** The last so many training images are kept aside, and judge the trials. */
		readonly holdout: number;
		/**
		 * What it is called, in `records/sweeps`.
		 *
		 * @default the step with the last words of what varies
		 */
		readonly name?: string;
		/** Where its runs are kept, and gone on with after an interruption. */
		readonly out: string;
		/** Whether to train anew what is there already. */
		readonly fresh?: boolean;
		/** Told how it goes. */
		readonly tell?: (event: SweepEvent) => void;
	};

/** How a sweep goes. Of the test images there is nothing to tell. */
export type SweepEvent = {
	/** A trial's seed begins or goes on, has finished an epoch, or has come to its end. */
	readonly type: 'begun' | 'epoch' | 'finished';
	/** In words: `schedule.maxLearningRate 0.05`. */
	readonly trial: string;
	readonly seed: number;
	/** Epochs done; fewer than there are for a seed that diverged. */
	readonly epoch: number;
	readonly epochs: number;
	/** Of the images kept aside after the last of these epochs; nothing where there is none. */
	readonly holdoutAccuracy: number | undefined;
	/** Whether the loss stopped being a finite number. */
	readonly diverged: boolean;
	/** Runs that are finished, those of before included. */
	readonly done: number;
	readonly of: number;
};

/**
 * Trains a step with other settings, each over seeds, and keeps what came of it in its ladder's folder. The test images have
 * no part in it: the trainer does not open them. An interrupted sweep goes on from the last finished epoch of each run, and
 * makes the record of an unbroken one.
 *
 * @example
 * ```ts
 * const {trials} = await sweep(ladder, 'lr-scheduler', {
 * 	vary: [{path: 'schedule.maxLearningRate', values: [0.05, 0.1, 0.2]}],
 * 	seeds: [101, 102, 103], holdout: 10_000, out: 'runs/sweeps',
 * });
 * ```
 * @throws {ConfigError} for a setting that nobody knows, or a name under which another sweep is kept
 * @throws {BudgetError} for a trial beyond the step's budgets
 * @throws {AbortError} where the signal says stop
 */
export const sweep = async (ladder: Ladder, stepName: string, options: SweepOptions): Promise<SweepResult> => {
	const {vary, sample, draw, name: given, out, fresh = false, tell = () => {}, skipDamaged, ...rest} = options ?? {};
	checkLadder(ladder);
	checkPath('out', out);
	requireSeeds(rest.seeds);
	checkVary(vary);
	checkFresh(fresh);
	checkOpenOptions({skipDamaged, tell});
	checkTrainOptions({...rest, out, data: ladder.data});
	const entry = ladder.entry(stepName);
	const {step} = entry;
	const name = given ?? nameOf(stepName, vary);
	checkName(name);
	const data = await openData(ladder.data, ladder.folder, {
		...(skipDamaged !== undefined && {skipDamaged}),
		signal: rest.signal,
	});
	const plan: SweepPlan = {
		step: step.name,
		experiment: asExperiment({...step.experiment, epochs: rest.epochs ?? step.experiment.epochs}),
		data: describe(data),
		vary: vary.map(({path, values, range}) =>
			range ? {path, range: {low: range.low, high: range.high, log: range.log}} : {path, values: [...values]},
		),
		sample: sample === undefined ? null : {count: whole('sample', sample, 1), draw: whole('draw', draw ?? 1, 0)},
		seeds: [...rest.seeds],
		holdout: whole('holdout', rest.holdout, 1),
		limitTrain: rest.limitTrain ?? null,
	};
	const trials = trialsOf(plan);
	checkTrials(step, plan, trials);

	const folder = path.join(sweepsFolder(ladder.folder), name);
	const condition = currentCondition({engine: 'fused'});
	const runs = trials.flatMap((trial, index) =>
		plan.seeds.map(seed => ({
			...{trial, index, seed},
			folder: new TrialFolder(out, plan, trial.experiment, seed, condition),
		})),
	);
	// An interrupted `fresh` leaves the older record where it is until it has been gone on with.
	const replacing = path.join(folder, '.replacing');
	const by = `${sha256(canonicalJson(plan))}\n`;
	const goesOn = existsSync(replacing) && readFileSync(replacing, 'utf8') === by;
	if (!fresh && !goesOn && hasSweep(folder)) {
		const kept = readSweep(folder);
		if (differences(kept.plan, plan).length > 0) {
			const [{path: setting = ''} = {}] = differences(kept.plan, plan);
			throw new ConfigError(
				'name',
				'one that no other sweep has',
				name,
				`${displayPath(folder)} holds a sweep that differs in \`${setting}\`: choose another \`--name\`, or \`--fresh\` to replace it`,
			);
		}

		const found = summarizeSweep(name, kept);
		await tidy(
			name,
			folder,
			runs.map(run => run.folder),
			found,
			rest.signal,
		);
		return found;
	}

	const hold = await holdSweep(name, folder, rest.signal);
	try {
		const signal = AbortSignal.any([hold.signal, ...(rest.signal ? [rest.signal] : [])]);
		if (fresh && hasSweep(folder)) {
			wrapWriteErrors(`in ${folder}`, folder, () => writeFileAtomic(replacing, by));
		}

		const record = await trainAll(plan, runs, data, {...rest, signal, condition, fresh, tell});
		hold.check();
		removePartialFiles(folder, written);
		writeSweep(folder, record);
		const found = summarizeSweep(name, record);
		await writeSweepPage(folder, found);
		wrapWriteErrors(`in ${folder}`, folder, () => rmSync(replacing, {force: true}));
		return found;
	} finally {
		hold.release();
	}
};

/** The files of a sweep's folder. */
const written = [...Object.values(sweepFiles), pageFile, pictureFile];

/** Takes away what a process left that was killed once the record was there, and writes the page that it did not come to. */
const tidy = async (
	name: string,
	folder: string,
	trials: readonly TrialFolder[],
	found: SweepResult,
	signal: AbortSignal = new AbortController().signal,
): Promise<void> => {
	const holds = await holdAll(
		trials.filter(trial => trial.isUntidy),
		signal,
	);
	try {
		for (const trial of trials.filter(({path}) => holds.has(path))) {
			trial.tidy();
		}
	} finally {
		releaseAll(holds);
	}

	const lock = lockPathFor(folder);
	const isLeft =
		readdirSync(path.dirname(folder)).some(file => isLockName(lock, file)) ||
		readdirSync(folder).some(file => isPartialFile(file, written));
	if (isLeft || !hasSweepPage(folder)) {
		const hold = await holdSweep(name, folder, signal);
		try {
			removePartialFiles(folder, written);
			await writeSweepPage(folder, found);
		} finally {
			hold.release();
		}
	}
};

const holdSweep = async (name: string, folder: string, signal: AbortSignal | undefined): Promise<Lock> => {
	const parent = path.dirname(folder);
	wrapWriteErrors(`in ${parent}`, parent, () => makeFolders(parent));
	return acquireLock(`the sweep \`${name}\``, lockPathFor(folder), signal);
};

/** `lr-scheduler-max-learning-rate` */
const nameOf = (step: string, vary: readonly Varied[]): string =>
	[step, ...vary.map(({path}) => path.split('.').at(-1) ?? '')]
		.join('-')
		.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);

const whole = (setting: string, value: number, least: number): number => {
	if (!Number.isSafeInteger(value) || value < least) {
		throw new ConfigError(setting, `a whole number, at least ${least}`, formatValue(value));
	}

	return value;
};

/** Judges every trial before the first is trained. */
const checkTrials = (step: Step, {data, holdout, limitTrain}: SweepPlan, trials: readonly Trial[]): void => {
	const images = Math.min(limitTrain ?? data.train, data.train);
	if (holdout >= images) {
		throw new ConfigError('holdout', `less than the ${images} training images`, String(holdout));
	}

	for (const trial of trials) {
		checkBudgets(step, trial.experiment);
		learningRates(trial.experiment, images - holdout);
	}
};

/** A seed of a trial. */
type Run = {readonly trial: Trial; readonly index: number; readonly seed: number; readonly folder: TrialFolder};

type Settled = Pick<SweepOptions, 'threads' | 'jobs'> & {
	readonly signal: AbortSignal;
	/** By what is trained now. */
	readonly condition: Condition;
	readonly fresh: boolean;
	readonly tell: (event: SweepEvent) => void;
};

/** Trains what is missing, several runs at once, and puts all together. */
const trainAll = async (plan: SweepPlan, runs: readonly Run[], data: Data, settled: Settled): Promise<SweepRecord> => {
	const {condition, fresh, tell, signal} = settled;
	const holds = await holdAll(
		runs.map(({folder}) => folder).filter(folder => fresh || folder.read() === undefined || folder.isUntidy),
		signal,
	);
	try {
		if (fresh) {
			for (const {folder} of runs) {
				folder.clear();
			}
		}

		for (const {folder} of runs.filter(({folder}) => holds.has(folder.path) && folder.read() !== undefined)) {
			folder.tidy();
		}

		const {cores} = unwrap(native().runtimeInfo());
		const jobs = settled.jobs ?? Math.max(1, Math.floor(cores / (settled.threads ?? 1)));
		const threads = settled.threads ?? Math.max(1, Math.floor(cores / Math.min(jobs, runs.length)));
		const failure = new AbortController();
		const stop = AbortSignal.any([failure.signal, signal, ...[...holds.values()].map(hold => hold.signal)]);
		const waiting = runs.filter(({folder}) => folder.read() === undefined);
		let done = runs.length - waiting.length;
		const work = async (): Promise<void> => {
			for (let next = waiting.shift(); next; next = waiting.shift()) {
				const {trial, seed, folder} = next;
				if (stop.aborted) {
					throw abortedBy(stop);
				}

				const of = {trial: settingsName(trial), seed, epochs: trial.experiment.epochs, of: runs.length};
				const begun = folder.begin();
				tell({type: 'begun', ...of, epoch: 0, holdoutAccuracy: undefined, diverged: false, done});
				const outcome = await trainTrial({
					...{experiment: trial.experiment, seed, data, holdout: plan.holdout, limitTrain: plan.limitTrain, threads},
					...{checkpoint: folder.checkpoint, signal: stop},
					tell({epoch, holdoutCorrect}) {
						const holdoutAccuracy = holdoutCorrect / plan.holdout;
						tell({type: 'epoch', ...of, epoch, holdoutAccuracy, diverged: false, done});
					},
				});
				holds.get(folder.path)?.check();
				folder.finish({outcome, begun, condition});
				done += 1;
				const last = outcome.epochs.at(-1);
				const holdoutAccuracy = last && last.holdoutCorrect / plan.holdout;
				const diverged = outcome.diverged !== null;
				tell({type: 'finished', ...of, epoch: outcome.epochs.length, holdoutAccuracy, diverged, done});
			}
		};

		await runWorkers(Math.min(jobs, Math.max(1, waiting.length)), work, failure);
		return assemble(plan, runs);
	} finally {
		releaseAll(holds);
	}
};

const releaseAll = (holds: ReadonlyMap<string, Lock>): void => {
	for (const hold of holds.values()) {
		hold.release();
	}
};

/** Holds all or none, in one order for all sweeps: of two that have a run in common one goes on. */
const holdAll = async (folders: readonly TrialFolder[], signal: AbortSignal): Promise<Map<string, Lock>> => {
	const holds = new Map<string, Lock>();
	try {
		for (const folder of folders.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
			if (!holds.has(folder.path)) {
				holds.set(folder.path, await folder.hold(signal));
			}
		}

		return holds;
	} catch (error) {
		releaseAll(holds);

		throw error;
	}
};

const assemble = (plan: SweepPlan, folders: readonly Run[]): SweepRecord => {
	const conditions: Condition[] = [];
	const runs: SweepRun[] = [];
	const epochs: SweepEpoch[] = [];
	for (const {index: trial, seed, folder} of folders) {
		const finished = folder.read();
		if (!finished) {
			throw new RecordError(process.cwd(), `the run of trial ${trial}, seed ${seed} was taken away: sweep again`);
		}

		const {outcome, begun} = finished;
		let condition = conditions.findIndex(known => differences(known, finished.condition).length === 0);
		if (condition === -1) {
			condition = conditions.push(finished.condition) - 1;
		}

		const {engine, device, threads, diverged, seconds} = outcome;
		runs.push({trial, seed, engine, device, threads, diverged, seconds, begun, condition});
		epochs.push(...outcome.epochs.map(row => ({trial, seed, ...row})));
	}

	return {plan, conditions, runs, epochs};
};
