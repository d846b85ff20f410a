import path from 'node:path';
import process from 'node:process';
import {displayPath} from '../format/command-line.js';
import {fileType} from '../fs/file-type.js';
import {findLadder, openLadder, recordedModel} from '../index.js';
import {type DataFlags, type LadderFlags, openOptions} from './ladder-options.js';
import {printError} from './print.js';

/** The description of the argument that names a model. */
export const modelArgument = 'a run’s folder, a model.safetensors, or a seed of a recorded step, such as baseline:3';

/**
 * Returns the path of a model: a file or a folder that exists as it is; for a step, or the folder of a record, with a seed, the run
 * that has the recorded model.
 */
export const chosenModel = async (
	name: string,
	flags: LadderFlags & DataFlags,
	signal?: AbortSignal,
): Promise<string> => {
	const [, step, seed] = /^(.+):(\d+)$/s.exec(name) ?? [];
	if (step === undefined || fileType(name) !== 'nothing') {
		return name;
	}

	const isFolder = fileType(step) === 'a folder';
	const ladder = await openLadder(flags.ladder ?? findLadder(isFolder ? step : process.cwd()));
	const recorded = isFolder
		? ladder.entries.find(({record}) => path.resolve(record) === path.resolve(step))?.step.name
		: undefined;
	const options = {...openOptions(flags), ...(signal && {signal})};
	const folder = await recordedModel(ladder, recorded ?? step, Number(seed), options);
	printError(`${name} is the model of ${displayPath(folder)}, which gives the recorded predictions\n`);
	return folder;
};
