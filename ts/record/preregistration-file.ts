import {existsSync} from 'node:fs';
import path from 'node:path';
import {z} from 'zod';
import type {Preregistration} from '../claims/preregistration.js';
import {RecordError} from '../errors/index.js';
import {asExperiment} from '../experiment/experiment.js';
import {checkGoal} from '../experiment/goal.js';
import {firstNameOfRange, type Measure, measures} from '../experiment/measures.js';
import {checksum, sha256} from '../fs/hash.js';
import {makeFolders} from '../fs/make-folders.js';
import {asRecordError, checkCanonicalText, parseRecordJson, readRecordText} from '../fs/record-file.js';
import {wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {removePartialFiles, writeFileAtomic} from '../fs/write-file-atomic.js';
import {shapes, validate} from '../validation/validate.js';
import {historyShape} from './history.js';

const {count, some, text, time} = shapes;
const number = z.custom<number>(value => typeof value === 'number', 'a number');

const schema = z.strictObject({
	step: text,
	from: text.nullable(),
	target: z.strictObject({
		...{testAccuracy: number, heldFor: some, maxParameters: some, maxEpochs: some},
		primary: z.enum([...Object.keys(measures), firstNameOfRange] as Measure[]).optional(),
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
			commit: z.strictObject({hash: shapes.commit, clean: z.boolean()}).nullable(),
			again: z.boolean(),
		}),
		historyShape,
	]),
	checksum: z.string(),
});

/** Where a step's promise is kept, in the folder of its record. */
export const preregistrationFile = (folder: string): string => path.join(folder, 'promise.json');

/** Whether a step's folder holds a promise. */
export const hasPreregistration = (folder: string): boolean => existsSync(preregistrationFile(folder));

const asText = (promise: Preregistration): string =>
	`${JSON.stringify({...promise, checksum: checksum(contents(promise))}, undefined, '\t')}\n`;
const contents = (promise: Preregistration): string => JSON.stringify(promise, undefined, '\t');

/** With its keys in the order of the schema, so that it is read as it was written. */
const ordered = (promise: unknown, file: string): Preregistration => {
	const {experiment, ...rest} = validate(schema.omit({checksum: true}), promise, 'promise');
	const {step, from, target, why, data, seeds, made} = rest;
	return {step, from, target, why, experiment: asRecordError(file, () => asExperiment(experiment)), data, seeds, made};
};

/** What runs and records name their promise by: the SHA-256 of its file. */
export const preregistrationHash = (promise: Preregistration): string => sha256(asText(promise));

/**
 * Writes a promise down.
 *
 * @returns it, as it will be read
 * @throws {WriteError}
 */
export const writePreregistration = (folder: string, promise: Preregistration): Preregistration =>
	wrapWriteErrors(`the promise in ${folder}`, folder, () => {
		const written = ordered(promise, preregistrationFile(folder));
		makeFolders(folder);
		removePartialFiles(folder, [path.basename(preregistrationFile(folder))]);
		writeFileAtomic(preregistrationFile(folder), asText(written));
		return written;
	});

/**
 * Reads a promise, trusting nothing in it.
 *
 * @throws {RecordError} naming the first thing that is wrong
 */
export const readPreregistration = (folder: string): Preregistration => {
	const file = preregistrationFile(folder);
	const found = readRecordText(file);
	const {checksum: sum, ...rest} = parseRecordJson(schema, file, found, 'promise');
	const promise = ordered(rest, file);
	asRecordError(file, () => checkGoal(promise.target));
	if (sum !== checksum(contents(promise))) {
		throw new RecordError(file, 'it is not what was promised: the checksum differs');
	}

	checkCanonicalText(file, found, asText(promise));
	return promise;
};
