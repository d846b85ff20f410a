import {existsSync} from 'node:fs';
import path from 'node:path';
import {z} from 'zod';
import {RecordError} from '../errors/index.js';
import {makeFolders} from '../errors/make-folders.js';
import {clearHalfWritten, writeWhole} from '../errors/write-whole.js';
import {writing} from '../errors/writing.js';
import {asExperiment} from '../terms/experiment.js';
import {checkGoal} from '../terms/goal.js';
import {judged, shapes} from '../terms/judged.js';
import {type Measure, measures} from '../terms/measures.js';
import type {StepPromise} from '../terms/promise.js';
import {sha256} from '../text/sha256.js';
import {checksum} from './checksum.js';
import {asRecordError, checkWritten, parse, readText} from './read.js';

const {count, some, text, time, commit} = shapes;
const number = z.custom<number>(value => typeof value === 'number', 'a number');
const origin = z.strictObject({commit, time});

const schema = z.strictObject({
	step: text,
	from: text.nullable(),
	target: z.strictObject({
		...{testAccuracy: number, heldFor: some, maxParameters: some, maxEpochs: some},
		primary: z.enum(Object.keys(measures) as [Measure, ...Measure[]]).optional(),
	}),
	why: text,
	experiment: z.unknown(),
	data: z.strictObject({
		...{name: z.string(), channels: some, size: some, classes: z.array(z.string())},
		...{train: some, test: some, hash: shapes.sha256},
	}),
	seeds: z.array(count).min(1, 'a list of at least one seed').nullable(),
	made: z.discriminatedUnion('by', [
		z.strictObject({
			...{by: z.literal('record'), time, version: text},
			commit: z.strictObject({hash: commit, clean: z.boolean()}).nullable(),
			again: z.boolean(),
		}),
		z.strictObject({by: z.literal('history'), target: origin, experiment: origin, why: origin, result: origin}),
	]),
	checksum: z.string(),
});

/** Where a step's promise is kept, in the folder of its record. */
export const promiseFile = (folder: string): string => path.join(folder, 'promise.json');

/** Whether a step's folder holds a promise. */
export const hasPromise = (folder: string): boolean => existsSync(promiseFile(folder));

const asText = (promise: StepPromise): string =>
	`${JSON.stringify({...promise, checksum: checksum(contents(promise))}, undefined, '\t')}\n`;
const contents = (promise: StepPromise): string => JSON.stringify(promise, undefined, '\t');

/** With its keys in the order of the schema, so that it is read as it was written. */
const ordered = (promise: unknown, file: string): StepPromise => {
	const {experiment, ...rest} = judged(schema.omit({checksum: true}), promise, 'promise');
	const {step, from, target, why, data, seeds, made} = rest;
	return {step, from, target, why, experiment: asRecordError(file, () => asExperiment(experiment)), data, seeds, made};
};

/** What runs and records name their promise by: the SHA-256 of its file. */
export const promiseHash = (promise: StepPromise): string => sha256(asText(promise));

/**
 * Writes a promise down.
 *
 * @returns it, as it will be read
 * @throws {WriteError}
 */
export const writePromise = (folder: string, promise: StepPromise): StepPromise =>
	writing(`the promise in ${folder}`, folder, () => {
		const written = ordered(promise, promiseFile(folder));
		makeFolders(folder);
		clearHalfWritten(folder, [path.basename(promiseFile(folder))]);
		writeWhole(promiseFile(folder), asText(written));
		return written;
	});

/**
 * Reads a promise, trusting nothing in it.
 *
 * @throws {RecordError} naming the first thing that is wrong
 */
export const readPromise = (folder: string): StepPromise => {
	const file = promiseFile(folder);
	const found = readText(file);
	const {checksum: sum, ...rest} = parse(schema, file, found, 'promise');
	const promise = ordered(rest, file);
	asRecordError(file, () => checkGoal(promise.target));
	if (sum !== checksum(contents(promise))) {
		throw new RecordError(file, 'it is not what was promised: the checksum differs');
	}

	checkWritten(file, found, asText(promise));
	return promise;
};
