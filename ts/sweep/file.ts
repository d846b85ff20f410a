import {existsSync} from 'node:fs';
import path from 'node:path';
import {z} from 'zod';
import {descriptionShape} from '../data/description-shape.js';
import {RecordError} from '../errors/index.js';
import {asExperiment} from '../experiment/experiment.js';
import {fileType} from '../fs/file-type.js';
import {canonicalJson, checksum, sha256} from '../fs/hash.js';
import {listFolder} from '../fs/list-folder.js';
import {makeFolders} from '../fs/make-folders.js';
import {asRecordError, checkCanonicalText, parseRecordJson, readRecordText} from '../fs/record-file.js';
import {wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {writeFileAtomic} from '../fs/write-file-atomic.js';
import {conditionShape} from '../native/condition.js';
import {shapes, validate} from '../validation/validate.js';
import {checkSweep} from './check.js';
import {type ObjectiveName, objectives} from './objective.js';
import type {SweepPlan} from './plan.js';
import type {SweepEpoch, SweepRecord} from './sweep-record.js';
import {variedShape} from './varied.js';

/** The files of a sweep's record; page and chart are derived from them. */
export const sweepFiles = {sweep: 'sweep.json', epochs: 'epochs.csv'} as const;

const columns = [
	...['trial', 'seed', 'epoch', 'trainLoss', 'trainCorrect', 'holdoutLoss', 'holdoutCorrect', 'seconds'],
] as const satisfies ReadonlyArray<keyof SweepEpoch>;

const {count, some, loss, seconds, text, time} = shapes;

const main = z.strictObject({
	plan: z.strictObject({
		step: text,
		experiment: z.unknown(),
		data: descriptionShape,
		vary: z.array(variedShape),
		sample: z.strictObject({count: some, draw: count}).nullable(),
		maxParameters: some.optional(),
		objective: z.enum(Object.keys(objectives) as [ObjectiveName, ...ObjectiveName[]]).optional(),
		halving: some.optional(),
		search: z.strictObject({kind: z.literal('tpe'), startup: some, round: some}).optional(),
		finalists: z.strictObject({count: some, seeds: z.array(count).min(1, 'a list of at least one seed')}).optional(),
		budget: some.optional(),
		seeds: z.array(count).min(1, 'a list of at least one seed'),
		holdout: some,
		limitTrain: some.nullable(),
		drawSeed: count.optional(),
	}),
	drawn: some.optional(),
	conditions: z.array(conditionShape),
	runs: z.array(
		z.strictObject({
			...{trial: count, seed: count, engine: shapes.engine, device: shapes.device, threads: some},
			...{diverged: some.nullable(), seconds, begun: time, condition: count},
		}),
	),
	checksums: z.record(z.string(), z.string()),
});

const epoch = z.strictObject({
	...{trial: count, seed: count, epoch: some, trainLoss: loss, trainCorrect: count},
	...{holdoutLoss: loss, holdoutCorrect: count, seconds},
});

/** The shapes of a sweep's files: of all of `sweep.json`, and of a row of `epochs.csv`. */
export const sweepShapes = {main, epoch} as const;

/** Returns the folder of a ladder's sweeps. */
export const sweepsFolder = (ladder: string): string => path.join(ladder, 'records', 'sweeps');

/** Lists the names of a ladder's sweeps. */
export const sweepNames = (ladder: string): string[] => {
	const folder = sweepsFolder(ladder);
	return listFolder(folder)
		.filter(name => !name.startsWith('.') && fileType(path.join(folder, name)) === 'a folder') // a lock begins with a dot
		.toSorted();
};

/** Returns whether a folder has the record of a sweep. */
export const hasSweep = (folder: string): boolean => existsSync(path.join(folder, sweepFiles.sweep));

/** Checks a plan, and orders its keys as they are written. */
const orderedPlan = (plan: unknown, file: string): SweepPlan => {
	const {experiment, ...rest} = asRecordError(file, () => validate(main.shape.plan, plan, 'plan'));
	const {step, data, vary, sample, seeds, holdout, limitTrain, drawSeed} = rest;
	const {maxParameters, objective, halving, search, finalists, budget} = rest;
	const complete = asRecordError(file, () => asExperiment(experiment));
	return {
		...{step, experiment: complete, data, vary, sample},
		...withoutUndefined({maxParameters, objective, halving, search, finalists, budget}),
		...{seeds, holdout, limitTrain},
		...(drawSeed !== undefined && {drawSeed}),
	} as SweepPlan;
};

/** Leaves out the parts that are `undefined`. */
const withoutUndefined = (parts: Readonly<Record<string, unknown>>): Record<string, unknown> =>
	Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined));

const sweepTexts = ({plan, drawn, conditions, runs, epochs}: SweepRecord, file: string) => {
	const rest = {
		...{plan: orderedPlan(plan, file), ...(drawn !== undefined && {drawn})},
		...{conditions: z.array(conditionShape).parse(conditions), runs},
	};
	const checksums = Object.fromEntries(
		Object.entries(rest).map(([key, value]) => [key, checksum(canonicalJson(value))]),
	);
	const rows = epochs.map(row => columns.map(column => row[column]).join(','));
	return {
		[sweepFiles.sweep]: `${JSON.stringify({...rest, checksums}, undefined, '\t')}\n`,
		[sweepFiles.epochs]: [`${columns.join(',')},checksum`, ...rows.map(row => `${row},${checksum(row)}`), ''].join(
			'\n',
		),
	};
};

/** Returns the SHA-256 over the texts of a sweep's files, by which the ledger names it. */
export const sweepHash = (record: SweepRecord): string =>
	sha256(Object.values(sweepTexts(record, 'the sweep')).join('\n'));

/**
 * Writes a sweep: `sweep.json`, and a row per epoch in `epochs.csv`, each part with a checksum.
 *
 * @throws {RecordError} if it is contradictory, before anything is written
 * @throws {WriteError}
 */
export const writeSweep = (folder: string, record: SweepRecord): void => {
	checkConsistent(folder, record);
	wrapWriteErrors(`the sweep in ${folder}`, folder, () => {
		makeFolders(folder);
		const texts = sweepTexts(record, folder);
		for (const file of [sweepFiles.epochs, sweepFiles.sweep]) {
			writeFileAtomic(path.join(folder, file), texts[file]);
		}
	});
};

/**
 * Reads a sweep. Checks its shape, its checksums, that it would be written as the same text, and all derived values.
 *
 * @throws {RecordError} naming the first problem
 */
export const readSweep = (folder: string): SweepRecord => {
	const [file, rowsFile] = [path.join(folder, sweepFiles.sweep), path.join(folder, sweepFiles.epochs)];
	const text = readRecordText(file);
	const {checksums, ...rest} = parseRecordJson(main, file, text, 'sweep'); // has the format of both files
	const texts = {[sweepFiles.sweep]: text, [sweepFiles.epochs]: readRecordText(rowsFile)};
	for (const [key, value] of Object.entries(rest)) {
		if (checksums[key] !== checksum(canonicalJson(value))) {
			throw new RecordError(file, `\`${key}\` is not what was recorded`);
		}
	}

	const [head, ...rows] = texts[sweepFiles.epochs].trimEnd().split('\n');
	if (head !== `${columns.join(',')},checksum`) {
		throw new RecordError(`${rowsFile}, line 1`, `the columns should be ${columns.join(',')},checksum`);
	}

	const epochs = rows.map((row, index): SweepEpoch => {
		const cells = row.split(',');
		const sum = cells.pop();
		const line = `${rowsFile}, line ${index + 2}`;
		const named = Object.fromEntries(columns.map((column, cell) => [column, Number(cells[cell])]));
		const read = asRecordError(line, () => validate(epoch, named, 'row'));
		if (sum !== checksum(cells.join(','))) {
			throw new RecordError(
				line,
				`epoch ${read.epoch} of trial ${read.trial}, seed ${read.seed} is not what was recorded`,
			);
		}

		return read;
	});
	const record: SweepRecord = {
		...{plan: orderedPlan(rest.plan, file), ...(rest.drawn !== undefined && {drawn: rest.drawn})},
		...{conditions: rest.conditions, runs: rest.runs, epochs},
	};
	const wanted = sweepTexts(record, file);
	checkCanonicalText(file, texts[sweepFiles.sweep], wanted[sweepFiles.sweep]);
	checkCanonicalText(rowsFile, texts[sweepFiles.epochs], wanted[sweepFiles.epochs]);
	checkConsistent(folder, record);
	return record;
};

const checkConsistent = (folder: string, record: SweepRecord): void => {
	const [wrong] = asRecordError(folder, () => checkSweep(record));
	if (wrong !== undefined) {
		throw new RecordError(folder, wrong);
	}
};
