import {existsSync, statSync} from 'node:fs';
import path from 'node:path';
import {z} from 'zod';
import type {RecordedEpoch, StepRecord} from '../claims/step-record.js';
import {RecordError} from '../errors/index.js';
import {learningRates} from '../experiment/learning-rates.js';
import {summarize} from '../experiment/summarize.js';
import {canonicalJson, checksum} from '../fs/hash.js';
import {makeFolders} from '../fs/make-folders.js';
import {asRecordError, checkCanonicalText, parseRecordJson, readRecordText} from '../fs/record-file.js';
import {wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {removePartialFiles, writeFileAtomic} from '../fs/write-file-atomic.js';
import {conditionShape} from '../native/condition.js';
import {shapes, validate} from '../validation/validate.js';
import {checkRecord} from './check-record.js';
import {
	hasPreregistration,
	preregistrationFile,
	preregistrationHash,
	readPreregistration,
} from './preregistration-file.js';

/** The files of a record's folder, beside its promise. */
const recordFiles = {record: 'record.json', epochs: 'epochs.csv', answers: 'predictions.jsonl'} as const;

const columns = ['seed', 'epoch', 'trainLoss', 'trainCorrect', 'testLoss', 'testCorrect', 'seconds'] as const;

const {count, some, loss, seconds, sha256, time} = shapes;

const main = z.strictObject({
	promise: sha256,
	conditions: z.array(conditionShape),
	seeds: z
		.array(
			z.strictObject({
				...{seed: count, engine: shapes.engine, device: shapes.device, threads: some},
				...{trainCleanCorrect: count, seconds, begun: time.nullable(), condition: count},
			}),
		)
		.min(1, 'a list of at least one seed'),
	checksums: z.record(z.string(), z.string()),
});

const epoch = z.strictObject({
	...{seed: count, epoch: some, trainLoss: loss, trainCorrect: count},
	...{testLoss: loss, testCorrect: count, seconds},
} satisfies Record<(typeof columns)[number], z.ZodType>);

const answers = z.strictObject({
	seed: count,
	labels: z.custom<string>(value => typeof value === 'string' && /^\d+$/.test(value), 'digits'),
	mistakes: z.record(z.string(), shapes.probability),
	checksum: z.string(),
});

/**
 * Writes a record beside its promise: `record.json`, a row an epoch in `epochs.csv`, a line a seed in
 * `predictions.jsonl`. Each part carries a checksum, so that {@link readRecord} can name what was edited.
 *
 * @throws {RecordError} for one that would not be read: the one that is there stays then
 * @throws {WriteError}
 */
export const writeRecord = (folder: string, record: StepRecord): void => {
	refuse(folder, record);
	wrapWriteErrors(`the record in ${folder}`, folder, () => {
		makeFolders(folder);
		removePartialFiles(folder, Object.values(recordFiles));
		const texts = recordTexts(record);
		for (const file of [recordFiles.epochs, recordFiles.answers, recordFiles.record]) {
			writeFileAtomic(path.join(folder, file), texts[file]);
		}
	});
};

/** Each file's text. What follows from the promise is left out. */
const recordTexts = ({promise, conditions, seeds, epochs, answers}: StepRecord) => {
	const rest = {
		promise: preregistrationHash(promise),
		conditions: z.array(conditionShape).parse(conditions), // with keys in one order
		seeds: seeds.map(({trainCleanTotal: _, ...seed}) => seed),
	};
	const checksums = Object.fromEntries(
		Object.entries(rest).map(([key, value]) => [key, checksum(canonicalJson(value))]),
	);
	const rows = epochs.map(row => columns.map(column => row[column]).join(','));
	const lines = answers.map(line => JSON.stringify({...line, checksum: checksum(canonicalJson(line))}));
	return {
		[recordFiles.record]: asLines([JSON.stringify({...rest, checksums}, undefined, '\t')]),
		[recordFiles.epochs]: asLines([`${columns.join(',')},checksum`, ...rows.map(row => `${row},${checksum(row)}`)]),
		[recordFiles.answers]: asLines(lines),
	};
};

const asLines = (lines: readonly string[]): string => `${lines.join('\n')}\n`;

/** Whether a folder holds a record. */
export const hasRecord = (folder: string): boolean => existsSync(path.join(folder, recordFiles.record));

/** Changes whenever the record in a folder is written, since a file that is renamed into its place is another file. */
export const recordVersion = (folder: string): string =>
	Object.values(recordFiles)
		.map(file => statSync(path.join(folder, file), {bigint: true, throwIfNoEntry: false}))
		.map(found => (found ? `${found.ino} ${found.mtimeNs}` : ''))
		.join();

/**
 * Reads a record, trusting nothing in it: each file against its shape, its checksums and the text that it would be
 * written as, then all of it by what can be derived.
 *
 * @throws {RecordError} naming the first thing that is wrong
 */
export const readRecord = (folder: string): StepRecord => {
	const place = (file: string): string => path.join(folder, file);
	if (!hasPreregistration(folder)) {
		throw new RecordError(preregistrationFile(folder), 'it is not there, so nothing shows what was promised');
	}

	const promise = readPreregistration(folder);
	const text = readRecordText(place(recordFiles.record));
	const {checksums, ...rest} = parseRecordJson(main, place(recordFiles.record), text, 'record'); // it names the format of all three
	const texts = {
		[recordFiles.record]: text,
		[recordFiles.epochs]: readRecordText(place(recordFiles.epochs)),
		[recordFiles.answers]: readRecordText(place(recordFiles.answers)),
	};
	for (const [key, value] of Object.entries(rest)) {
		if (checksums[key] !== checksum(canonicalJson(value))) {
			throw new RecordError(place(recordFiles.record), `\`${key}\` is not what was recorded`);
		}
	}

	if (rest.promise !== preregistrationHash(promise)) {
		throw new RecordError(
			place(recordFiles.record),
			`it was made for another promise than ${path.basename(preregistrationFile(folder))} holds: finish the recording with \`record\``,
		);
	}

	const {train, test} = promise.data;
	const rates = asRecordError(preregistrationFile(folder), () => learningRates(promise.experiment, train));
	const {parameters} = asRecordError(preregistrationFile(folder), () => summarize(promise.experiment.net));
	const [head, ...rows] = texts[recordFiles.epochs].trimEnd().split('\n');
	if (head !== `${columns.join(',')},checksum`) {
		throw new RecordError(
			`${place(recordFiles.epochs)}, line 1`,
			`the columns should be ${columns.join(',')},checksum`,
		);
	}

	const epochs = rows.map((row, index): RecordedEpoch => {
		const cells = row.split(',');
		const sum = cells.pop();
		const line = `${place(recordFiles.epochs)}, line ${index + 2}`;
		const named = Object.fromEntries(columns.map((column, cell) => [column, Number(cells[cell])]));
		const read = asRecordError(line, () => validate(epoch, named, 'row'));
		if (sum !== checksum(cells.join(','))) {
			throw new RecordError(line, `epoch ${read.epoch} of seed ${read.seed} is not what was recorded`);
		}

		return {...read, trainTotal: train, testTotal: test, learningRate: rates[read.epoch - 1] ?? Number.NaN};
	});

	const lines = texts[recordFiles.answers].trimEnd().split('\n');
	const read = lines.map((line, index) => {
		const at = `${place(recordFiles.answers)}, line ${index + 1}`;
		const {checksum: sum, ...entry} = parseRecordJson(answers, at, line, 'line');
		if (sum !== checksum(canonicalJson(entry))) {
			throw new RecordError(at, `seed ${entry.seed} is not what was recorded`);
		}

		return entry;
	});

	const {step, experiment, data} = promise;
	const record: StepRecord = {
		...{promise, step, experiment, data, parameters, conditions: rest.conditions},
		seeds: rest.seeds.map(seed => ({...seed, trainCleanTotal: train})),
		...{epochs, answers: read},
	};
	const wanted = recordTexts(record);
	for (const file of Object.values(recordFiles)) {
		checkCanonicalText(place(file), texts[file], wanted[file]);
	}

	const {seeds: promised} = promise;
	if (promised && promised.join() !== record.seeds.map(({seed}) => seed).join()) {
		const found = record.seeds.map(({seed}) => seed).join(', ');
		throw new RecordError(place(recordFiles.record), `it has seeds ${found}, and ${promised.join(', ')} were promised`);
	}

	refuse(folder, record);
	return record;
};

const refuse = (folder: string, record: StepRecord): void => {
	const [wrong] = checkRecord(record);
	if (wrong !== undefined) {
		throw new RecordError(folder, wrong);
	}
};
