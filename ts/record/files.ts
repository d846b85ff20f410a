import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {sync as writeFileAtomicSync} from 'write-file-atomic';
import {z} from 'zod';
import {RecordError} from '../errors/index.js';
import {makeFolders} from '../errors/make-folders.js';
import {writing} from '../errors/writing.js';
import {asExperiment, type Experiment} from '../terms/experiment.js';
import type {StepRecord} from '../terms/record.js';
import {checksum} from './checksum.js';

/** The files of a record's folder. */
const recordFiles = {record: 'record.json', epochs: 'epochs.csv', answers: 'predictions.jsonl'} as const;

const columns = [
	...['seed', 'epoch', 'learningRate', 'trainLoss', 'trainCorrect', 'trainTotal'],
	...['testLoss', 'testCorrect', 'testTotal', 'seconds'],
] as const;

const count = z.number().int().min(0);
const main = z.strictObject({
	step: z.string(),
	parameters: count,
	experiment: z.unknown(),
	data: z.strictObject({
		...{name: z.string(), channels: count, size: count, classes: z.array(z.string())},
		...{train: count, test: count, hash: z.string()},
	}),
	conditions: z.array(
		z.strictObject({
			versions: z.record(z.string(), z.string()),
			machine: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
		}),
	),
	seeds: z
		.array(
			z.strictObject({
				seed: count,
				engine: z.enum(['fused', 'aten']),
				device: z.string(),
				threads: count,
				trainCleanCorrect: count,
				trainCleanTotal: count.min(1),
				seconds: z.number(),
				condition: count,
			}),
		)
		.min(1),
	checksums: z.record(z.string(), z.string()),
});
const epoch = z.strictObject(
	Object.fromEntries(columns.map(column => [column, z.number()])) as Record<(typeof columns)[number], z.ZodNumber>,
);
const answers = z.strictObject({
	seed: count,
	labels: z.string().regex(/^\d+$/),
	mistakes: z.record(z.string(), z.number()),
	checksum: z.string(),
});

/**
 * Writes a record into its folder: `record.json`, a row an epoch in `epochs.csv`, a line a seed in
 * `predictions.jsonl`. Each part carries a checksum, so that {@link readRecord} can name what was edited.
 *
 * @throws {WriteError}
 */
export const writeRecord = (folder: string, record: StepRecord): void => {
	const {epochs, answers, ...rest} = record;
	const checksums = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, checksum(json(value))]));
	const rows = epochs.map(row => columns.map(column => row[column]).join(','));
	const lines = answers.map(line => JSON.stringify({...line, checksum: checksum(json(line))}));
	writing(`the record in ${folder}`, folder, () => {
		makeFolders(folder);
		write(folder, recordFiles.epochs, [`${columns.join(',')},checksum`, ...rows.map(row => `${row},${checksum(row)}`)]);
		write(folder, recordFiles.answers, lines);
		write(folder, recordFiles.record, [JSON.stringify({...rest, checksums}, undefined, '\t')]);
	});
};

const write = (folder: string, file: string, lines: readonly string[]): void =>
	writeFileAtomicSync(path.join(folder, file), `${lines.join('\n')}\n`);

/** Whether a folder holds a record. */
export const hasRecord = (folder: string): boolean => existsSync(path.join(folder, recordFiles.record));

/**
 * Reads a record, trusting nothing in it.
 *
 * @throws {RecordError} naming the first thing that is not as it was written
 */
export const readRecord = (folder: string): StepRecord => {
	const place = (file: string): string => path.join(folder, file);
	const {checksums, ...rest} = parse(main, place(recordFiles.record), readText(place(recordFiles.record)));
	for (const [key, value] of Object.entries(rest)) {
		if (checksums[key] !== checksum(json(value))) {
			throw new RecordError(place(recordFiles.record), `\`${key}\` is not what was recorded`);
		}
	}

	const [, ...rows] = readText(place(recordFiles.epochs)).trimEnd().split('\n');
	const epochs = rows.map((row, index) => {
		const cells = row.split(',');
		const sum = cells.pop();
		const named = Object.fromEntries(columns.map((column, cell) => [column, Number(cells[cell])]));
		if (sum !== checksum(cells.join(','))) {
			const which = `seed ${cells[0]}, epoch ${cells[1]} (line ${index + 2})`;
			throw new RecordError(place(recordFiles.epochs), `${which} is not what was recorded`);
		}

		return parse(epoch, `${place(recordFiles.epochs)}, line ${index + 2}`, JSON.stringify(named));
	});

	const lines = readText(place(recordFiles.answers)).trimEnd().split('\n');
	const read = lines.map((line, index) => {
		const {checksum: sum, ...entry} = parse(answers, `${place(recordFiles.answers)}, line ${index + 1}`, line);
		if (sum !== checksum(json(entry))) {
			throw new RecordError(place(recordFiles.answers), `seed ${entry.seed} is not what was recorded`);
		}

		return entry;
	});

	return {...rest, experiment: recordedExperiment(place(recordFiles.record), rest.experiment), epochs, answers: read};
};

const recordedExperiment = (file: string, value: unknown): Experiment => {
	try {
		return asExperiment(value);
	} catch (error) {
		throw new RecordError(file, error instanceof Error ? error.message : String(error), {cause: error});
	}
};

const readText = (file: string): string => {
	try {
		return readFileSync(file, 'utf8').replaceAll('\r\n', '\n'); // git on Windows makes such line ends
	} catch (error) {
		throw new RecordError(file, error instanceof Error ? error.message : String(error), {cause: error});
	}
};

const parse = <Value>(schema: z.ZodType<Value>, place: string, text: string): Value => {
	try {
		return schema.parse(JSON.parse(text));
	} catch (error) {
		const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
		const reason = issue ? `\`${issue.path.join('.')}\`: ${issue.message}` : String(error);
		throw new RecordError(place, `it can’t be read (${reason})`, {cause: error});
	}
};

/** With keys in one order, whatever wrote them. */
const json = (value: unknown): string =>
	JSON.stringify(value, (_, entry: unknown) =>
		typeof entry === 'object' && entry !== null && !Array.isArray(entry)
			? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
			: entry,
	);
