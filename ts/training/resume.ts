import {realpathSync} from 'node:fs';
import path from 'node:path';
import type {DataSource} from '../data/data.js';
import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {readConfig} from '../runs/config.js';
import {runCreator} from '../runs/create-run.js';
import {readFinishedRun} from '../runs/finished-run.js';
import {isFinished} from '../runs/is-finished.js';
import {alreadyFinished, lockRun} from '../runs/reopen-run.js';
import type {RunFolder} from '../runs/run-folder.js';
import {type Sibling, siblingsOf} from '../runs/siblings.js';
import {checkTrainOptions, trainOptionNames} from '../runs/train-options.js';
import {checkWhere, type Where} from '../slurm/options.js';
import type {Trainable} from '../step/define-step.js';
import {checkNames} from '../validation/check-names.js';
import {checkFolder, checkPath} from '../validation/check-path.js';
import {checkObject} from '../validation/plain-object.js';
import {noteTraining} from './note-training.js';
import {storedData} from './stored-data.js';
import {type ExistingRuns, type FinishedBefore, type Folders, trainInFolders} from './train.js';
import {seedResult} from './train-seed.js';
import type {Training} from './training.js';

/** The options of resuming a run, which keeps its settings and its folder. */
export type ResumeOptions = Where & {
	/**
	 * Where its images come from, such as `ladder.data`: opened where the files that the run began with are gone or have
	 * changed. The images have to be the same.
	 *
	 * @default the files that the run began with
	 */
	readonly data?: DataSource;
	/**
	 * As in {@link TrainOptions}, in place of the folder that the run began with. Earlier epochs are written there too, but not seeds
	 * that have finished.
	 *
	 * @default the folder that the run began with, if any
	 */
	readonly tensorboard?: string;
	/** Stops the training within a batch: the iterator and `result` then throw an {@link AbortError}. */
	readonly signal?: AbortSignal;
};

/**
 * Resumes an interrupted run from its last finished epoch, to the bits of an uninterrupted one. The events of the epochs before
 * come first. If its command trains several seeds, all of them are resumed: those that have finished give their result, those
 * that were not begun are trained.
 *
 * The iterator and `result` throw a {@link DataError} if the images of the run are gone and `data` is left out, or has others.
 *
 * @param folder of the run, or a link to it: it has a `config.json`, and it or another seed of its command has no `result.json`
 * @throws {ConfigError} if it is not the folder of an unfinished run, and for any other option
 */
export const resume = (folder: string, options: ResumeOptions = {}): Training => {
	checkFolder('resume', folder);
	checkObject('options', options);
	const {signal, data, tensorboard, on, slurm, detach, report, ...rest} = options;
	const where = {...(on && {on}), ...(slurm && {slurm}), ...(detach && {detach}), ...(report && {report})};
	checkWhere(where);
	const [other] = Object.entries(rest);
	if (other) {
		checkNames(options, trainOptionNames);
		throw new ConfigError(other[0], 'left out', formatValue(other[1]), keptSentence(`\`${other[0]}\``, other[0]));
	}

	if (data !== undefined) {
		checkTrainOptions({data});
	}

	if (tensorboard !== undefined) {
		checkPath('tensorboard', tensorboard);
	}

	const run = readConfig(folder);
	const siblings = siblingsOf(folder);
	// Tasks may have finished after the command that waited for them was killed: their results are read then.
	if (on !== 'slurm' && siblings.every(({state}) => state === 'finished')) {
		throw alreadyFinished(folder);
	}

	const seeds = siblings.map(({seed}) => seed);
	const out = path.resolve(realpathSync(folder), '..', '..'); // of a link, such as `runs/latest`, that of the run
	const settings = {
		...{...run.options, data: storedData(folder, run.data, data), seeds, ...(signal && {signal})},
		...(tensorboard !== undefined && {tensorboard}),
		...(on === 'slurm' && {...where, out}),
	};
	const createRun = runCreator(out);
	const folders: Folders = {
		begin: async (step, stop) =>
			on === 'slurm'
				? {unfinished: new Map(), finished: finishedSiblings(siblings, step, run.data.classes), release() {}}
				: openSiblings(folder, step, run.data.classes, stop),
		find: seed => siblings.find(sibling => sibling.seed === seed)?.folder,
		name: run.command?.id ?? path.basename(realpathSync(folder)),
		open: async started => createRun({...started, command: run.command}),
		note: noteTraining,
	};
	return trainInFolders({...run.step, experiment: run.experiment}, settings, folders, run.drawSeed);
};

/**
 * Returns the sentence about a setting that resuming can't change.
 *
 * @param named as the user wrote it
 */
export const keptSentence = (named: string, setting: string): string =>
	setting === 'epochs'
		? `${named} can’t be changed by resuming: the learning rate of each epoch depends on their number; train the step again with more epochs`
		: `${named} can’t be changed by resuming: a run keeps its settings and its folder`;

/** Reads the runs that have finished. */
const finishedSiblings = (
	siblings: readonly Sibling[],
	step: Trainable,
	classes: readonly string[],
): Map<number, FinishedBefore> =>
	new Map(
		siblings.flatMap(({seed, folder, state}) =>
			folder !== undefined && state === 'finished' ? [[seed, finishedBefore(folder, step, classes)] as const] : [],
		),
	);

const finishedBefore = (folder: string, {target}: Trainable, classes: readonly string[]): FinishedBefore => {
	const run = readFinishedRun(folder);
	return {engine: run.engine, folder, result: seedResult(run, target, classes)};
};

/** Locks the existing runs of a command, all of them before any is resumed. */
const openSiblings = async (
	folder: string,
	step: Trainable,
	classes: readonly string[],
	signal: AbortSignal,
): Promise<ExistingRuns> => {
	const opened: RunFolder[] = [];
	const release = (): void => {
		for (const folder of opened) {
			folder.release();
		}
	};
	try {
		const unfinished = new Map<number, RunFolder>();
		const finished = new Map<number, FinishedBefore>();
		for (const {seed, folder: sibling} of siblingsOf(folder)) {
			if (sibling === undefined) {
				continue;
			}

			const run = await lockRun(sibling, signal);
			opened.push(run);
			if (isFinished(sibling)) {
				finished.set(seed, finishedBefore(sibling, step, classes));
			} else {
				unfinished.set(seed, run);
			}
		}

		return {unfinished, finished, release};
	} catch (error) {
		release();
		throw error;
	}
};
