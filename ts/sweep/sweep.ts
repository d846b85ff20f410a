import {readdirSync, readFileSync, rmSync} from 'node:fs';
import path from 'node:path';
import {type Data, describe, type OpenOptions} from '../data/data.js';
import {openData} from '../data/open-data.js';
import {checkOpenOptions} from '../data/open-options.js';
import {ConfigError} from '../errors/index.js';
import {differences} from '../experiment/difference.js';
import {asExperiment, type Experiment} from '../experiment/experiment.js';
import {learningRates} from '../experiment/learning-rates.js';
import {isIndex} from '../experiment/merge.js';
import {formatClasses} from '../format/class-names.js';
import {displayPath} from '../format/command-line.js';
import {formatValue} from '../format/value.js';
import {fileType} from '../fs/file-type.js';
import {canonicalJson, sha256} from '../fs/hash.js';
import {acquireLock, isLockName, type Lock, lockPathFor} from '../fs/lock.js';
import {makeFolders} from '../fs/make-folders.js';
import {wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {isPartialFile, removePartialFiles, writeFileAtomic} from '../fs/write-file-atomic.js';
import {checkLadder} from '../ladder/check-ladder.js';
import type {Ladder} from '../ladder/open-ladder.js';
import {cleanUpLedger} from '../ledger/ledger.js';
import {currentCondition} from '../native/condition.js';
import {checkTrainOptions, requireSeeds, type TrainOptions} from '../runs/train-options.js';
import {checkWhere, settleSlurm, type Where, whereNames} from '../slurm/options.js';
import {checkName, type Step} from '../step/define-step.js';
import {withWeightHashes} from '../step/weight-files.js';
import {checkBudgets} from '../training/check-training.js';
import {findMissingClasses, newDrawSeed} from '../training/image-selection.js';
import {checkFresh} from '../validation/check-fresh.js';
import {checkNames} from '../validation/check-names.js';
import {checkPath} from '../validation/check-path.js';
import type {Executor, PlannedRun} from './executor.js';
import {hasSweep, readSweep, sweepFiles, sweepsFolder, writeSweep} from './file.js';
import {LocalExecutor} from './local-executor.js';
import {lockTrials, releaseTrials} from './lock-trials.js';
import {chartFile, hasSweepPage, pageFile, searchChartFile, writeSweepPage} from './page.js';
import {type SweepPlan, selectionOf, trainedOn} from './plan.js';
import {withProgress} from './progress-folder.js';
import {type SweepResult, summarizeSweep} from './result.js';
import type {WantedRun} from './search.js';
import {checkHalving, type SearchOptions, searchOptionNames, searchPlan} from './search-options.js';
import {SlurmExecutor} from './slurm-executor.js';
import type {SweepEvent} from './sweep-event.js';
import {noteSweep, noteSweepBegun} from './sweep-ledger.js';
import type {SweepRecord} from './sweep-record.js';
import {trainAll} from './train-all.js';
import {writeSweepEvents} from './trial-events.js';
import {TrialFolder} from './trial-folder.js';
import {type Trial, trialsOf} from './trials.js';
import {asPlanned, checkVary, type Varied} from './varied.js';
import {whole} from './whole.js';

/** The options of a sweep. */
export type SweepOptions = Pick<TrainOptions, 'epochs' | 'limitTrain' | 'threads' | 'jobs' | 'tensorboard' | 'signal'> &
	Pick<OpenOptions, 'skipDamaged'> &
	Where &
	SearchOptions & {
		/** The settings to vary, each with a list of values, or a range to draw them from. */
		readonly vary: readonly Varied[];
		/**
		 * Number of trials to draw at random, instead of the whole grid.
		 *
		 * @range whole number from 1 to 1000
		 * @unit trials
		 * @default the whole grid
		 */
		readonly sample?: number;
		/**
		 * The seed of the draw.
		 *
		 * @range whole number, at least 0
		 * @unit seed
		 * @default 1
		 */
		readonly draw?: number;
		/**
		 * The limit of a trial's parameters, if that of the step's target is not lower. Draws above it are repeated, and counted;
		 * trials of a grid above it are left out.
		 *
		 * @range whole number, at least 1
		 * @unit parameters
		 * @default the limit of the step’s target
		 */
		readonly maxParameters?: number;
		/**
		 * The seeds, one run of each trial each; they should differ from those of records.
		 *
		 * @range different whole numbers from 0 to 4294967295, 1 to 10000 of them
		 * @unit seeds
		 */
		readonly seeds: readonly number[];
		/**
		 * Number of training images held out for validation, drawn from each class in proportion. Left out for data with a
		 * validation set of their own, on which the trials are evaluated then.
		 *
		 * @range whole number, at least 1
		 * @unit images
		 * @default the data’s validation set
		 */
		readonly holdout?: number;
		/**
		 * The name of its folder in `records/sweeps`.
		 *
		 * @default the step with the names of the varied settings
		 */
		readonly name?: string;
		/** The folder of its runs, from which an interrupted sweep is resumed. */
		readonly out: string;
		/**
		 * Whether to retrain finished runs.
		 *
		 * @default false
		 */
		readonly fresh?: boolean;
		/** Called with each event. */
		readonly tell?: (event: SweepEvent) => void;
	};

const optionNames = [
	...searchOptionNames,
	...['vary', 'sample', 'draw', 'maxParameters', 'seeds', 'holdout', 'name', 'out', 'fresh', 'tell', 'skipDamaged'],
	...['epochs', 'limitTrain', 'threads', 'jobs', 'tensorboard', 'signal'],
	...whereNames,
] as const satisfies ReadonlyArray<keyof SweepOptions>;

/**
 * Trains a step with other settings, each over seeds, and writes the record into the ladder's folder. The trainer does not open
 * the test images. An interrupted sweep is resumed from the last finished epoch of each run, to the record of an uninterrupted
 * one.
 *
 * @example
 * ```ts
 * const {trials} = await sweep(ladder, 'lr-scheduler', {
 * 	vary: [{path: 'schedule.maxLearningRate', values: [0.05, 0.1, 0.2]}],
 * 	seeds: [101, 102, 103], holdout: 10_000, out: 'runs/sweeps',
 * });
 * ```
 * @throws {ConfigError} for an unknown setting or option, the name of another sweep, and held-out images that lack a class
 * @throws {BudgetError} for a trial with more epochs than the step's target allows, and for a step beyond its own limits
 * @throws {DetachedError} once its runs are submitted, with `detach`
 * @throws {AbortError} if the signal aborts
 */
export const sweep = async (ladder: Ladder, stepName: string, options: SweepOptions): Promise<SweepResult> => {
	const {vary, sample, draw, maxParameters, name: given, out, skipDamaged, tensorboard, ...others} = options ?? {};
	const {
		fresh = false,
		tell = () => {},
		objective,
		halving,
		search,
		finalists,
		finalSeeds,
		budget,
		...further
	} = others;
	const {on = 'local', slurm, detach = false, report = () => {}, ...rest} = further;
	checkNames(options ?? {}, optionNames);
	checkLadder(ladder);
	checkPath('out', out);
	requireSeeds(rest.seeds);
	checkVary(vary);
	checkFresh(fresh);
	checkWhere({on, detach, report, ...(slurm && {slurm})});
	checkOpenOptions({skipDamaged, tell});
	checkTrainOptions({...rest, out, data: ladder.data, ...(tensorboard !== undefined && {tensorboard})});
	const entry = ladder.entry(stepName);
	const {step} = entry;
	const name = given ?? nameOf(stepName, vary);
	checkName(name);
	const data = await openData(ladder.data, ladder.folder, {
		...(skipDamaged !== undefined && {skipDamaged}),
		signal: rest.signal,
	});
	const drawn = sample === undefined ? null : {count: whole('sample', sample, 1), draw: whole('draw', draw ?? 1, 0)};
	const plan: SweepPlan = {
		step: step.name,
		experiment: asExperiment({...step.experiment, epochs: rest.epochs ?? step.experiment.epochs}),
		data: describe(data),
		vary: vary.map(asPlanned),
		sample: drawn,
		maxParameters: Math.min(
			step.target.maxParameters,
			whole('maxParameters', maxParameters ?? step.target.maxParameters, 1),
		),
		...searchPlan({objective, halving, search, finalists, finalSeeds, budget}, {sample: drawn, seeds: rest.seeds}),
		seeds: [...rest.seeds],
		holdout: heldOut(data, rest.holdout),
		limitTrain: rest.limitTrain ?? null,
		...((data.validation === undefined || rest.limitTrain !== undefined) && {drawSeed: newDrawSeed}),
	};
	const known = new Map<Experiment, Trial>();
	const withHashes = (trial: Trial): Trial => {
		const hashed = known.get(trial.experiment) ?? {
			...trial,
			experiment: withWeightHashes(trial.experiment, ladder.folder), // those of other files than the step's
		};
		known.set(trial.experiment, hashed);
		return hashed;
	};
	checkTrials(step, plan, trialsOf(plan).map(withHashes)); // of a search: of random draws, before any proposal

	const folder = path.join(sweepsFolder(ladder.folder), name);
	const condition = currentCondition({engine: 'fused'});
	const events = tensorboard === undefined ? undefined : path.join(tensorboard, name);
	const writeEvents = (record: SweepRecord): void => {
		if (events !== undefined) {
			writeSweepEvents(events, record);
		}
	};
	const asPlannedRun = (run: WantedRun): PlannedRun => {
		const trial = withHashes(run.trial);
		return {...run, trial, folder: new TrialFolder(out, plan, trial.experiment, run.seed, condition)};
	};
	// An interrupted `fresh` leaves the earlier record in place, and is resumed by the command without it.
	const replacing = path.join(folder, '.replacing');
	const identity = sha256(canonicalJson(plan));
	const isReplacing = fileType(replacing) === 'a file' && readFileSync(replacing, 'utf8') === `${identity}\n`;
	if (!fresh && !isReplacing && hasSweep(folder)) {
		const existing = readSweep(folder);
		const [different] = differences(existing.plan, asBefore(plan, existing.plan, maxParameters));
		if (different) {
			throw new ConfigError(
				'name',
				'one that no other sweep has',
				name,
				`${displayPath(folder)} has a sweep that differs in \`${different.path}\`: choose another \`--name\`, or \`--fresh\` to replace it`,
			);
		}

		const found = summarizeSweep(name, existing);
		cleanUpLedger(ladder.folder);
		noteSweep(ladder.folder, name, existing);
		writeEvents(existing);
		await cleanUp(
			name,
			folder,
			found.search.runs.map(run => asPlannedRun(run).folder),
			found,
			rest.signal,
		);
		return found;
	}

	await checkHeldOut(data, plan);
	const lock = await lockSweep(name, folder, rest.signal);
	try {
		const signal = AbortSignal.any([lock.signal, ...(rest.signal ? [rest.signal] : [])]);
		if (fresh && hasSweep(folder)) {
			wrapWriteErrors(`in ${folder}`, folder, () => writeFileAtomic(replacing, `${identity}\n`));
		}

		noteSweepBegun(ladder.folder, name, plan);
		const {threads, jobs} = rest;
		const shared = {plan, data, ladder: ladder.folder, condition};
		const how = {...shared, threads, jobs, fresh, signal, events};
		const executor: Executor =
			on === 'local'
				? new LocalExecutor(how)
				: new SlurmExecutor({...how, name, out, slurm: settleSlurm({...ladder.slurm, ...slurm}), detach, report});
		const record = await withProgress(out, {name, step: step.name}, identity, signal, async write =>
			trainAll(plan, asPlannedRun, executor, event => {
				write(event);
				tell(event);
			}),
		);
		lock.check();
		removePartialFiles(folder, written);
		writeSweep(folder, record);
		noteSweep(ladder.folder, name, record);
		writeEvents(record);
		const found = summarizeSweep(name, record);
		await writeSweepPage(folder, found);
		wrapWriteErrors(`in ${folder}`, folder, () => rmSync(replacing, {force: true}));
		return found;
	} finally {
		lock.release();
	}
};

/** Returns a plan as an earlier version wrote it, which had no draw of images, or no limit of parameters unless one was given. */
const asBefore = ({drawSeed, maxParameters, ...plan}: SweepPlan, existing: SweepPlan, given?: number): SweepPlan => ({
	...plan,
	...(existing.drawSeed !== undefined && {drawSeed}),
	...((existing.maxParameters !== undefined || given !== undefined) && {maxParameters}),
});

/** The files of a sweep's folder. */
const written = [...Object.values(sweepFiles), pageFile, chartFile, searchChartFile];

/** Removes what a process left that was killed after it wrote the record, and writes a missing page. */
const cleanUp = async (
	name: string,
	folder: string,
	trials: readonly TrialFolder[],
	found: SweepResult,
	signal: AbortSignal = new AbortController().signal,
): Promise<void> => {
	const locks = await lockTrials(
		trials.filter(trial => trial.read() !== undefined && trial.isUntidy),
		signal,
	);
	try {
		for (const trial of trials.filter(({path}) => locks.has(path))) {
			trial.cleanUp();
		}
	} finally {
		releaseTrials(locks);
	}

	const lockPath = lockPathFor(folder);
	const hasLeftovers =
		readdirSync(path.dirname(folder)).some(file => isLockName(lockPath, file)) ||
		readdirSync(folder).some(file => isPartialFile(file, written));
	if (hasLeftovers || !hasSweepPage(folder)) {
		const lock = await lockSweep(name, folder, signal);
		try {
			removePartialFiles(folder, written);
			await writeSweepPage(folder, found);
		} finally {
			lock.release();
		}
	}
};

const lockSweep = async (name: string, folder: string, signal: AbortSignal | undefined): Promise<Lock> => {
	const parent = path.dirname(folder);
	wrapWriteErrors(`in ${parent}`, parent, () => makeFolders(parent));
	return acquireLock(`the sweep \`${name}\``, lockPathFor(folder), signal);
};

/** `lr-scheduler-max-learning-rate` */
const nameOf = (step: string, vary: readonly Varied[]): string =>
	[step, ...vary.map(({path}) => shortName(path))].join('-').replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);

/** Shortens a path to its last name: `maxLearningRate`; of a setting within a list, to the list's name and what follows: `body-2-channels`. */
const shortName = (path: string): string => {
	const names = path.split('.');
	const index = names.findIndex(name => isIndex(name));
	return names.slice(index > 0 ? index - 1 : -1).join('-');
};

/** Returns the number of images that the trials are evaluated on. */
const heldOut = ({validation}: Data, holdout: number | undefined): number => {
	if (validation === undefined && holdout === undefined) {
		const sentence =
			'`holdout` (`--holdout <n>`) is missing: how many training images are to be held out, for the evaluation of the trials?';
		throw new ConfigError('holdout', 'the number of training images to hold out', 'nothing', sentence);
	}

	if (validation !== undefined && holdout !== undefined) {
		const expected = `left out, since the data have a validation set of ${validation} images`;
		throw new ConfigError('holdout', expected, formatValue(holdout));
	}

	return validation ?? whole('holdout', holdout ?? 0, 1);
};

/** Checks every trial before the first is trained. */
const checkTrials = (step: Step, plan: SweepPlan, trials: readonly Trial[]): void => {
	const images = trainedOn(plan);
	if (images <= 0) {
		throw new ConfigError('holdout', `less than the ${images + plan.holdout} training images`, String(plan.holdout));
	}

	checkHalving(plan, trials.length - 1);
	for (const trial of trials) {
		checkBudgets(step, trial.experiment);
		learningRates(trial.experiment, images);
	}
};

/** Checks that each class has a held-out image: a trial that fails on the others would look as good as any. */
const checkHeldOut = async (data: Data, plan: SweepPlan): Promise<void> => {
	const missing = (await findMissingClasses(data, selectionOf(plan)))?.holdout ?? [];
	if (missing.length === 0) {
		return;
	}

	const [names, which] = [formatClasses(missing), missing.length === 1 ? 'this class' : 'these classes'];
	const advice =
		plan.data.validation === undefined
			? `hold out more images than ${plan.holdout}, or add training images of ${which}: each class needs two`
			: `add images of ${which} to the validation set`;
	const sentence = `no trial could be evaluated on ${names}: the ${plan.holdout} held-out images have none of ${which}; ${advice}`;
	throw new ConfigError('holdout', 'held-out images of each class', `none of ${names}`, sentence);
};
