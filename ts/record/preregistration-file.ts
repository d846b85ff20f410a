import {existsSync} from 'node:fs';
import path from 'node:path';
import {z} from 'zod';
import type {Preregistration} from '../claims/preregistration.js';
import {descriptionShape} from '../data/description-shape.js';
import {RecordError} from '../errors/index.js';
import {asExperiment} from '../experiment/experiment.js';
import {checkGoal, type Goal} from '../experiment/goal.js';
import {firstNameOfRange, type Measure, measures} from '../experiment/measures.js';
import {isMetric, type Metric} from '../experiment/metric.js';
import {checksum, sha256} from '../fs/hash.js';
import {makeFolders} from '../fs/make-folders.js';
import {asRecordError, checkCanonicalText, parseRecordJson, readRecordText} from '../fs/record-file.js';
import {wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {removePartialFiles, writeFileAtomic} from '../fs/write-file-atomic.js';
import {shapes, validate} from '../validation/validate.js';
import {historyShape} from './history.js';

const {count, some, text, time, sha256: sha256Shape} = shapes;
const number = z.custom<number>(value => typeof value === 'number', 'a number');

const metric = z.custom<Metric>(value => isMetric(value), '`balancedAccuracy`, `macroF1` or `{recall: CLASS}`');

/** The shape of the file of a preregistration. Format 2 has the ledger's last line before it. */
export const preregistrationShape = z.strictObject({
	format: z.literal(2).optional(),
	step: text,
	from: text.nullable(),
	target: z.strictObject({
		...{testAccuracy: number.optional(), metric: metric.optional(), atLeast: number.optional()},
		...{heldFor: some, maxParameters: some, maxEpochs: some},
		primary: z.enum([...Object.keys(measures), firstNameOfRange] as Measure[]).optional(),
	}),
	why: text,
	experiment: z.unknown(),
	classCounts: z.array(count).optional(),
	data: descriptionShape,
	testImages: z.strictObject({missing: count, added: count, relabelled: count}).optional(),
	seeds: z.array(count).min(1, 'a list of at least one seed').nullable(),
	made: z.discriminatedUnion('by', [
		z.strictObject({
			...{by: z.literal('record'), time, version: text},
			commit: z.strictObject({hash: shapes.commit, clean: z.boolean()}).nullable(),
			again: z.boolean(),
			ledger: sha256Shape.optional(),
		}),
		historyShape,
	]),
	checksum: z.string(),
});

/** Returns the file of a step's preregistration, in the folder of its record. */
export const preregistrationFile = (folder: string): string => path.join(folder, 'promise.json');

/** Returns whether a folder has a preregistration. */
export const hasPreregistration = (folder: string): boolean => existsSync(preregistrationFile(folder));

/** Returns the checksum that the file of a preregistration ends with. */
export const preregistrationChecksum = (preregistration: Preregistration): string =>
	checksum(contents(preregistration));

const asText = (preregistration: Preregistration): string =>
	`${JSON.stringify({...withFormat(preregistration), checksum: checksum(contents(preregistration))}, undefined, '\t')}\n`;
const contents = (preregistration: Preregistration): string =>
	JSON.stringify(withFormat(preregistration), undefined, '\t');
const withFormat = (preregistration: Preregistration): Preregistration & {readonly format?: number} =>
	ledgerBefore(preregistration) === undefined ? preregistration : {format: 2, ...preregistration};

/** Returns the hash of the ledger's last line before a preregistration; `undefined` for one from before there were ledgers. */
export const ledgerBefore = ({made}: Preregistration): string | undefined =>
	made.by === 'record' ? made.ledger : undefined;

/** Returns it with its keys in the order of the schema, which its hash depends on. */
const ordered = (value: unknown, file: string): Preregistration => {
	const {experiment, ...rest} = validate(
		preregistrationShape.omit({checksum: true, format: true}),
		value,
		'preregistration',
	);
	const {step, from, target, why, classCounts, data, testImages, seeds, made} = rest;
	return {
		step,
		from,
		target: target as Goal,
		why,
		experiment: asRecordError(file, () => asExperiment(experiment)),
		...(classCounts && {classCounts}),
		data,
		...(testImages && {testImages}),
		seeds,
		made,
	};
};

/** Returns the SHA-256 of a preregistration's file, by which runs and records name it. */
export const preregistrationHash = (preregistration: Preregistration): string => sha256(asText(preregistration));

/**
 * Writes a preregistration.
 *
 * @returns it as {@link readPreregistration} will return it
 * @throws {WriteError}
 */
export const writePreregistration = (folder: string, preregistration: Preregistration): Preregistration =>
	wrapWriteErrors(`the preregistration in ${folder}`, folder, () => {
		const written = ordered(preregistration, preregistrationFile(folder));
		makeFolders(folder);
		removePartialFiles(folder, [path.basename(preregistrationFile(folder))]);
		writeFileAtomic(preregistrationFile(folder), asText(written));
		return written;
	});

/**
 * Reads a preregistration, and checks its shape, checksum and canonical text.
 *
 * @throws {RecordError} for the first problem
 */
export const readPreregistration = (folder: string): Preregistration => {
	const file = preregistrationFile(folder);
	const found = readRecordText(file);
	const {checksum: sum, format: _, ...rest} = parseRecordJson(preregistrationShape, file, found, 'preregistration', 2);
	const preregistration = ordered(rest, file);
	asRecordError(file, () => checkGoal(preregistration.target));
	if (sum !== checksum(contents(preregistration))) {
		throw new RecordError(file, 'it is not what was preregistered: the checksum differs');
	}

	checkCanonicalText(file, found, asText(preregistration));
	return preregistration;
};
