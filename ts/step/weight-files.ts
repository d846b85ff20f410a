import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type {Experiment, Start, Teacher} from '../experiment/experiment.js';
import {fileType} from '../fs/file-type.js';

/** Where the files of weights are that a run reads, as the addon takes them. */
export type WeightPaths = {readonly startPath?: string; readonly teacherPath?: string};

/** Returns whether an experiment reads files of weights: those to start from, or a teacher. */
export const readsWeights = ({start, loss}: Experiment): boolean => start !== undefined || loss?.teacher !== undefined;

/**
 * Locates the files of weights that an experiment reads.
 *
 * @param folder that relative paths start from
 */
export const weightPaths = ({start, loss}: Experiment, folder?: string): WeightPaths => ({
	...(start && {startPath: locate(start, folder)}),
	...(loss?.teacher && {teacherPath: locate(loss.teacher, folder)}),
});

/**
 * Returns an experiment with the hashes of the files of weights that it reads. One whose file is missing stays as it is: the trainer
 * says that it is missing.
 *
 * @param folder that relative paths start from
 */
export const withWeightHashes = (experiment: Experiment, folder?: string): Experiment => {
	const {start, loss} = experiment;
	return {
		...experiment,
		...(start && {start: withHash(start, folder)}),
		...(loss?.teacher && {loss: {...loss, teacher: withHash(loss.teacher, folder)}}),
	};
};

const locate = ({from}: Start | Teacher, folder = process.cwd()): string => {
	const place = path.resolve(folder, from);
	return fileType(place) === 'a folder' ? path.join(place, 'model.safetensors') : place;
};

const withHash = <Source extends Start | Teacher>(source: Source, folder?: string): Source => {
	const file = locate(source, folder);
	if (source.sha256 !== undefined || fileType(file) !== 'a file') {
		return source;
	}

	return {...source, sha256: createHash('sha256').update(readFileSync(file)).digest('hex')};
};
