import {readdirSync, rmSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {type Data, describe, type OpenOptions} from '../data/data.js';
import {abortedBy} from '../errors/aborted-by.js';
import {ConfigError, RecordError} from '../errors/index.js';
import {makeFolders} from '../errors/make-folders.js';
import {clearHalfWritten, isHalfWritten, writeWhole} from '../errors/write-whole.js';
import {writing} from '../errors/writing.js';
import {checkBudgets} from '../experiment/check-budgets.js';
import {runWorkers} from '../experiment/run-workers.js';
import {trainTrial} from '../experiment/train-trial.js';
import {checkLadder} from '../ladder/check-ladder.js';
import type {Ladder} from '../ladder/open-ladder.js';
import {conditionNow} from '../log/condition-now.js';
import {type Hold, holdPlace, isOfLock, lockBeside} from '../machine/hold-place.js';
import {kindAt} from '../machine/kind-at.js';
import {textOf} from '../machine/text-of.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {json} from '../record/checksum.js';
import {hasSweep, readSweep, sweepFiles, sweepsFolder, writeSweep} from '../record/sweep-file.js';
import {checkFresh} from '../terms/check-fresh.js';
import {checkPath} from '../terms/check-path.js';
import {checkName, type Step} from '../terms/define-step.js';
import {differences} from '../terms/difference.js';
import {asExperiment} from '../terms/experiment.js';
import {learningRates} from '../terms/learning-rates.js';
import {checkOpenOptions, openData} from '../terms/open-data.js';
import type {Condition} from '../terms/record.js';
import {
	checkVary,
	type SweepPlan,
	type SweepRecord,
	type Swept,
	type SweptEpoch,
	type SweptRun,
	swept,
	type Trial,
	trialName,
	trialsOf,
	type Varied,
} from '../terms/sweep.js';
import {checkSeedsGiven, checkTypes, type TrainOptions} from '../terms/train-options.js';
import {sha256} from '../text/sha256.js';
import {show} from '../text/show.js';
import {shown} from '../text/shown.js';
import {hasSweepPage, pageFile, pictureFile, writeSweepPage} from './sweep-page.js';
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
export const sweep = async (ladder: Ladder, stepName: string, options: SweepOptions): Promise<Swept> => {
	const {vary, sample, draw, name: given, out, fresh = false, tell = () => {}, skipDamaged, ...rest} = options ?? {};
	checkLadder(ladder);
	checkPath('out', out);
	checkSeedsGiven(rest.seeds);
	checkVary(vary);
	checkFresh(fresh);
	checkOpenOptions({skipDamaged, tell});
	checkTypes({...rest, out, data: ladder.data});
	const place = ladder.place(stepName);
	const {step} = place;
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
	const condition = conditionNow({engine: 'fused'});
	const runs = trials.flatMap((trial, index) =>
		plan.seeds.map(seed => ({
			...{trial, index, seed},
			folder: new TrialFolder(out, plan, trial.experiment, seed, condition),
		})),
	);
	// An interrupted `fresh` leaves the older record where it is until it has been gone on with.
	const replacing = path.join(folder, '.replacing');
	const by = `${sha256(json(plan))}\n`;
	const goesOn = kindAt(replacing) === 'a file' && textOf(replacing) === by;
	if (!fresh && !goesOn && hasSweep(folder)) {
		const kept = readSweep(folder);
		if (differences(kept.plan, plan).length > 0) {
			const [{path: setting = ''} = {}] = differences(kept.plan, plan);
			throw new ConfigError(
				'name',
				'one that no other sweep has',
				name,
				`${shown(folder)} holds a sweep that differs in \`${setting}\`: choose another \`--name\`, or \`--fresh\` to replace it`,
			);
		}

		const found = swept(name, kept);
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
			writing(`in ${folder}`, folder, () => writeWhole(replacing, by));
		}

		const record = await trainAll(plan, runs, data, {...rest, signal, condition, fresh, tell});
		hold.check();
		clearHalfWritten(folder, written);
		writeSweep(folder, record);
		const found = swept(name, record);
		await writeSweepPage(folder, found);
		writing(`in ${folder}`, folder, () => rmSync(replacing, {force: true}));
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
	found: Swept,
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

	const lock = lockBeside(folder);
	const isLeft =
		readdirSync(path.dirname(folder)).some(file => isOfLock(lock, file)) ||
		readdirSync(folder).some(file => isHalfWritten(file, written));
	if (isLeft || !hasSweepPage(folder)) {
		const hold = await holdSweep(name, folder, signal);
		try {
			clearHalfWritten(folder, written);
			await writeSweepPage(folder, found);
		} finally {
			hold.release();
		}
	}
};

const holdSweep = async (name: string, folder: string, signal: AbortSignal | undefined): Promise<Hold> => {
	const parent = path.dirname(folder);
	writing(`in ${parent}`, parent, () => makeFolders(parent));
	return holdPlace(`the sweep \`${name}\``, lockBeside(folder), signal);
};

/** `lr-scheduler-max-learning-rate` */
const nameOf = (step: string, vary: readonly Varied[]): string =>
	[step, ...vary.map(({path}) => path.split('.').at(-1) ?? '')]
		.join('-')
		.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);

const whole = (setting: string, value: number, least: number): number => {
	if (!Number.isSafeInteger(value) || value < least) {
		throw new ConfigError(setting, `a whole number, at least ${least}`, show(value));
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

				const of = {trial: trialName(trial), seed, epochs: trial.experiment.epochs, of: runs.length};
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

const releaseAll = (holds: ReadonlyMap<string, Hold>): void => {
	for (const hold of holds.values()) {
		hold.release();
	}
};

/** Holds all or none, in one order for all sweeps: of two that have a run in common one goes on. */
const holdAll = async (folders: readonly TrialFolder[], signal: AbortSignal): Promise<Map<string, Hold>> => {
	const holds = new Map<string, Hold>();
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
	const runs: SweptRun[] = [];
	const epochs: SweptEpoch[] = [];
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
