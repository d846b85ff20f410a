import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type {Experiment} from '../experiment/experiment.js';
import {fileType} from '../fs/file-type.js';

/**
 * Locates the weights that an experiment starts from; `undefined` if it draws them.
 *
 * @param folder that relative paths start from
 */
export const startFile = ({start}: Experiment, folder = process.cwd()): string | undefined => {
	if (!start) {
		return undefined;
	}

	const place = path.resolve(folder, start.from);
	return fileType(place) === 'a folder' ? path.join(place, 'model.safetensors') : place;
};

/**
 * Returns an experiment with the hash of the weights that it starts from. Without their file it stays as it is: the trainer says
 * that it is missing.
 *
 * @param folder that relative paths start from
 */
export const withStartHash = (experiment: Experiment, folder?: string): Experiment => {
	const file = startFile(experiment, folder);
	const {start} = experiment;
	if (!start || start.sha256 !== undefined || file === undefined || fileType(file) !== 'a file') {
		return experiment;
	}

	const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
	return {...experiment, start: {...start, sha256}};
};
