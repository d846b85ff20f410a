import path from 'node:path';
import {sourceOf} from '../data/data.js';
import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {readConfig} from '../runs/config.js';
import {createRun} from '../runs/create-run.js';
import {readFinishedRun} from '../runs/finished-run.js';
import {isFinished} from '../runs/is-finished.js';
import {alreadyFinished, lockRun} from '../runs/reopen-run.js';
import type {RunFolder} from '../runs/run-folder.js';
import {siblingsOf} from '../runs/siblings.js';
import type {TrainOptions} from '../runs/train-options.js';
import type {Trainable} from '../step/define-step.js';
import {checkFolder} from '../validation/check-path.js';
import {checkObject} from '../validation/plain-object.js';
import {type ExistingRuns, type FinishedBefore, trainInFolders} from './train.js';
import {seedResult} from './train-seed.js';
import type {Training} from './training.js';

/**
 * Resumes an interrupted run from its last finished epoch, to the bits of an uninterrupted one. The events of the epochs before
 * come first. If its command trains several seeds, all of them are resumed: those that have finished give their result, those
 * that were not begun are trained.
 *
 * @param folder of the run: it has a `config.json`, and it or another seed of its command has no `result.json`
 * @throws {ConfigError} if it is not the folder of an unfinished run, and for any option but `signal`
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

	const run = readConfig(folder);
	const siblings = siblingsOf(folder);
	if (siblings.every(({state}) => state === 'finished')) {
		throw alreadyFinished(folder);
	}

	const seeds = siblings.map(({seed}) => seed);
	const settings = {...run.options, data: sourceOf(run.data), seeds, ...(signal && {signal})};
	const out = path.resolve(folder, '..', '..');
	return trainInFolders({...run.step, experiment: run.experiment}, settings, {
		begin: async (step, stop) => openSiblings(folder, step, run.data.classes, stop),
		open: async started => createRun(out, {...started, command: run.command}),
	});
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
				const run = readFinishedRun(sibling);
				finished.set(seed, {engine: run.engine, folder: sibling, result: seedResult(run, step.target, classes)});
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
