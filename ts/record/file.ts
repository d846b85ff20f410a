import {existsSync, rmSync, statSync} from 'node:fs';
import path from 'node:path';
import {z} from 'zod';
import {expectedLabels} from '../claims/recorded-predictions.js';
import type {RecordedAnswers, RecordedEpoch, StepRecord} from '../claims/step-record.js';
import {RecordError} from '../errors/index.js';
import {learningRates} from '../experiment/learning-rates.js';
import {summarize} from '../experiment/summarize.js';
import {canonicalJson, checksum, sha256 as textHash} from '../fs/hash.js';
import {makeFolders} from '../fs/make-folders.js';
import {asRecordError, checkCanonicalText, parseRecordJson, readRecordText} from '../fs/record-file.js';
import {wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {removePartialFiles, writeFileAtomic} from '../fs/write-file-atomic.js';
import {conditionShape} from '../native/condition.js';
import type {ClassCounts} from '../statistics/classification.js';
import {shapes, validate} from '../validation/validate.js';
import {checkRecord} from './check-record.js';
import {
	hasPreregistration,
	preregistrationFile,
	preregistrationHash,
	readPreregistration,
} from './preregistration-file.js';

/** The files of a record, beside its preregistration. */
const recordFiles = {record: 'record.json', epochs: 'epochs.csv', answers: 'predictions.jsonl'} as const;

/** Where a target is on another metric than accuracy: the test images by class in each epoch. */
const classesFile = 'classes.jsonl';

/** All files of a record. */
export const recordFileNames = ['promise.json', ...Object.values(recordFiles), classesFile];

const columns = ['seed', 'epoch', 'trainLoss', 'trainCorrect', 'testLoss', 'testCorrect', 'seconds'] as const;

const {count, some, loss, seconds, sha256, time} = shapes;

/** Format 2 has the ledger's last line before it, format 3 seeds that were added. */
const main = z.strictObject({
	format: z.union([z.literal(2), z.literal(3)]).optional(),
	promise: sha256,
	ledger: sha256.optional(),
	added: z
		.array(z.strictObject({seeds: z.array(count).min(1, 'a list of at least one seed'), line: sha256}))
		.min(1, 'a list of at least one addition')
		.optional(),
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
	evaluation: z
		.strictObject({
			expected: z.record(z.string(), count),
			ranks: z.record(z.string(), some),
			calibration: z.array(z.tuple([count, count, loss])),
		})
		.optional(),
	checksum: z.string(),
});

const classCounts = z.strictObject({
	...{seed: count, epoch: some, predicted: z.array(count), correct: z.array(count)},
	checksum: z.string(),
});

/** The shapes of a record's files: of all of `record.json`, of a row of `epochs.csv`, of a line of the others. */
export const recordShapes = {main, epoch, answers, classCounts} as const;

/**
 * Writes a record beside its preregistration: `record.json`, a row per epoch in `epochs.csv`, a line per seed in
 * `predictions.jsonl`, and a line per epoch in `classes.jsonl` where a target needs it. Each part has a checksum, so that {@link readRecord} can name the part that was edited.
 *
 * @throws {RecordError} for a record that {@link readRecord} would refuse; the one on disk stays
 * @throws {WriteError}
 */
export const writeRecord = (folder: string, record: StepRecord): void => {
	refuseInvalid(folder, record);
	wrapWriteErrors(`the record in ${folder}`, folder, () => {
		makeFolders(folder);
		removePartialFiles(folder, [...Object.values(recordFiles), classesFile]);
		const texts = recordTexts(record);
		const classes = classesText(record);
		if (classes === undefined) {
			rmSync(path.join(folder, classesFile), {force: true});
		} else {
			writeFileAtomic(path.join(folder, classesFile), classes);
		}

		for (const file of [recordFiles.epochs, recordFiles.answers, recordFiles.record]) {
			writeFileAtomic(path.join(folder, file), texts[file]);
		}
	});
};

/** Returns the text of each file, without values that follow from the preregistration. */
const recordTexts = ({preregistration, ledger, added, conditions, seeds, epochs, answers}: StepRecord) => {
	const rest = {
		...(ledger !== undefined && {format: added ? 3 : 2}),
		promise: preregistrationHash(preregistration),
		...(ledger !== undefined && {ledger}),
		...(added && {added: added.map(({seeds, line}) => ({seeds, line}))}),
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

/** Returns the text of `classes.jsonl`; `undefined` for a record without it. The images of each class follow from the predictions. */
const classesText = ({epochs}: Pick<StepRecord, 'epochs'>): string | undefined => {
	const lines = epochs.flatMap(({seed, epoch, testByClass}) =>
		testByClass ? [{seed, epoch, predicted: testByClass.predicted, correct: testByClass.correct}] : [],
	);
	return lines.length === 0
		? undefined
		: asLines(lines.map(line => JSON.stringify({...line, checksum: checksum(canonicalJson(line))})));
};

/** Returns the SHA-256 over the texts of a record's files, by which the ledger names it. */
export const recordHash = (record: StepRecord): string =>
	textHash([...Object.values(recordTexts(record)), classesText(record) ?? ''].join('\n'));

const asLines = (lines: readonly string[]): string => `${lines.join('\n')}\n`;

/** Returns whether a folder has a record. */
export const hasRecord = (folder: string): boolean => existsSync(path.join(folder, recordFiles.record));

/** Returns a text that changes with every write of the record in a folder: each write renames new files into place. */
export const recordVersion = (folder: string): string =>
	[...Object.values(recordFiles), classesFile]
		.map(file => statSync(path.join(folder, file), {bigint: true, throwIfNoEntry: false}))
		.map(found => (found ? `${found.ino} ${found.mtimeNs}` : ''))
		.join();

/**
 * Reads a record, and checks each file's shape, checksums and canonical text, then all values against each other.
 *
 * @throws {RecordError} for the first problem
 */
export const readRecord = (folder: string): StepRecord => {
	const fileAt = (file: string): string => path.join(folder, file);
	if (!hasPreregistration(folder)) {
		throw new RecordError(preregistrationFile(folder), 'it is missing, so the record has no preregistration');
	}

	const preregistration = readPreregistration(folder);
	const text = readRecordText(fileAt(recordFiles.record));
	const {checksums, ...rest} = parseRecordJson(main, fileAt(recordFiles.record), text, 'record', 3); // it names the format of all three
	const texts = {
		[recordFiles.record]: text,
		[recordFiles.epochs]: readRecordText(fileAt(recordFiles.epochs)),
		[recordFiles.answers]: readRecordText(fileAt(recordFiles.answers)),
	};
	for (const [key, value] of Object.entries(rest)) {
		if (checksums[key] !== checksum(canonicalJson(value))) {
			throw new RecordError(fileAt(recordFiles.record), `\`${key}\` is not what was recorded`);
		}
	}

	if (rest.promise !== preregistrationHash(preregistration)) {
		throw new RecordError(
			fileAt(recordFiles.record),
			`it was made for another preregistration than ${path.basename(preregistrationFile(folder))}: finish the recording with \`record\``,
		);
	}

	const {train, test} = preregistration.data;
	const rates = asRecordError(preregistrationFile(folder), () => learningRates(preregistration.experiment, train));
	const {parameters} = asRecordError(preregistrationFile(folder), () => summarize(preregistration.experiment.net));
	const [head, ...rows] = texts[recordFiles.epochs].trimEnd().split('\n');
	if (head !== `${columns.join(',')},checksum`) {
		throw new RecordError(
			`${fileAt(recordFiles.epochs)}, line 1`,
			`the columns should be ${columns.join(',')},checksum`,
		);
	}

	const epochs = rows.map((row, index): RecordedEpoch => {
		const cells = row.split(',');
		const sum = cells.pop();
		const line = `${fileAt(recordFiles.epochs)}, line ${index + 2}`;
		const named = Object.fromEntries(columns.map((column, cell) => [column, Number(cells[cell])]));
		const read = asRecordError(line, () => validate(epoch, named, 'row'));
		if (sum !== checksum(cells.join(','))) {
			throw new RecordError(line, `epoch ${read.epoch} of seed ${read.seed} is not what was recorded`);
		}

		return {...read, trainTotal: train, testTotal: test, learningRate: rates[read.epoch - 1] ?? Number.NaN};
	});

	const lines = texts[recordFiles.answers].trimEnd().split('\n');
	const read = lines.map((line, index) => {
		const at = `${fileAt(recordFiles.answers)}, line ${index + 1}`;
		const {checksum: sum, ...entry} = parseRecordJson(answers, at, line, 'line');
		if (sum !== checksum(canonicalJson(entry))) {
			throw new RecordError(at, `seed ${entry.seed} is not what was recorded`);
		}

		return entry;
	});

	const {step, experiment, data} = preregistration;
	const byClass = readClasses(folder, epochs, read, data.classes);
	const record: StepRecord = {
		...{preregistration, step, experiment, data, parameters, conditions: rest.conditions},
		...(rest.ledger !== undefined && {ledger: rest.ledger}),
		...(rest.added && {added: rest.added}),
		seeds: rest.seeds.map(seed => ({...seed, trainCleanTotal: train})),
		...{epochs: byClass ? epochs.map((row, index) => ({...row, testByClass: byClass[index]})) : epochs, answers: read},
	};
	const canonical = recordTexts(record);
	for (const file of Object.values(recordFiles)) {
		checkCanonicalText(fileAt(file), texts[file], canonical[file]);
	}

	if (byClass) {
		const file = fileAt(classesFile);
		checkCanonicalText(file, readRecordText(file), classesText(record) ?? '');
	}

	const expected = preregistration.seeds && [
		...preregistration.seeds,
		...(rest.added ?? []).flatMap(({seeds}) => seeds),
	];
	if (expected && expected.join() !== record.seeds.map(({seed}) => seed).join()) {
		const found = record.seeds.map(({seed}) => seed).join(', ');
		throw new RecordError(
			fileAt(recordFiles.record),
			`it has seeds ${found}, and ${expected.join(', ')} were preregistered${rest.added ? ' or added' : ''}`,
		);
	}

	refuseInvalid(folder, record);
	return record;
};

/**
 * Reads the test images by class of each epoch.
 *
 * @returns an entry an epoch; `undefined` for a record that does not keep them
 */
const readClasses = (
	folder: string,
	epochs: readonly RecordedEpoch[],
	answers: readonly RecordedAnswers[],
	classes: readonly string[],
): ClassCounts[] | undefined => {
	const file = path.join(folder, classesFile);
	if (!existsSync(file)) {
		return undefined;
	}

	const labels = new Map(answers.map(entry => [entry.seed, expectedLabels(entry, classes) ?? []]));
	const lines = readRecordText(file).trimEnd().split('\n');
	const found = lines.map((line, index): ClassCounts => {
		const at = `${file}, line ${index + 1}`;
		const {checksum: sum, ...entry} = parseRecordJson(classCounts, at, line, 'line');
		const {seed, epoch, predicted, correct} = entry;
		if (sum !== checksum(canonicalJson(entry))) {
			throw new RecordError(at, `epoch ${epoch} of seed ${seed} is not what was recorded`);
		}

		if (seed !== epochs[index]?.seed || epoch !== epochs[index]?.epoch) {
			const wanted = epochs[index] ? `epoch ${epochs[index].epoch} of seed ${epochs[index].seed}` : 'the end';
			throw new RecordError(at, `it should be ${wanted}, it is epoch ${epoch} of seed ${seed}`);
		}

		const count = predicted.map(() => 0);
		for (const label of labels.get(seed) ?? []) {
			count[label] = (count[label] ?? 0) + 1;
		}

		return {count, predicted, correct};
	});
	if (found.length < epochs.length) {
		throw new RecordError(file, `it has ${found.length} epochs, and there are ${epochs.length}`);
	}

	return found;
};

const refuseInvalid = (folder: string, record: StepRecord): void => {
	const [problem] = checkRecord(record);
	if (problem !== undefined) {
		throw new RecordError(folder, problem);
	}
};
