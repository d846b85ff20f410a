import {readFileSync} from 'node:fs';
import path from 'node:path';
import {z} from 'zod';
import {RecordError} from '../errors/index.js';
import type {Condition} from '../native/condition.js';
import {conditionShape} from '../native/condition.js';
import {shapes, validate} from '../validation/validate.js';
import {checkFormat} from './config.js';
import type {Answers, EpochEvent} from './events.js';
import {changedFile} from './run-hashes.js';

const {count, some, loss, seconds, sha256: hash} = shapes;

const result = z.object({
	...{seed: count, engine: shapes.engine, device: shapes.device, threads: some, seconds},
	...{trainCleanCorrect: count, trainCleanTotal: some},
	hashes: z.strictObject({'config.json': hash, 'events.jsonl': hash, 'predictions.json': hash}),
	hash,
});
const config = z.object({...conditionShape.shape, begun: shapes.time});

/** A line of `events.jsonl`. */
export const epochShape = z.strictObject({
	...{type: z.literal('epoch'), step: shapes.text, seed: count, epoch: some, epochs: some},
	...{learningRate: loss, trainLoss: loss, trainCorrect: count, trainTotal: some},
	...{holdoutLoss: loss.optional(), holdoutCorrect: count.optional(), holdoutTotal: some.optional()},
	...{testLoss: loss, testCorrect: count, testTotal: some, seconds},
	testByClass: z.strictObject({count: z.array(count), predicted: z.array(count), correct: z.array(count)}).optional(),
});

const answers = z.strictObject({
	...{labels: z.array(count), probabilities: z.array(shapes.probability)},
	...{expected: z.array(count).optional(), ranks: z.array(some).optional(), images: z.array(count).optional()},
});

/** A finished run, as its folder holds it. */
export type FinishedRun = Omit<z.infer<typeof result>, 'hashes' | 'hash'> & {
	readonly begun: string;
	readonly condition: Condition;
	readonly epochs: readonly EpochEvent[];
	readonly answers: Answers;
};

/**
 * Reads a finished run. Checks each file against its shape and against the hash in `result.json`.
 *
 * @param remedy completes the sentence about a damaged one
 * @throws {RecordError} naming the first file that is not as it was written
 */
export const readFinishedRun = (
	folder: string,
	remedy = 'remove the run’s folder, or train again with `--fresh`',
): FinishedRun => {
	const at = (file: string): string => path.join(folder, file);
	const read = <Value>(file: string, work: (text: string) => Value): Value => {
		try {
			return work(readFileSync(at(file), 'utf8'));
		} catch (error) {
			const reason = error instanceof Error ? error.message : String(error);
			throw new RecordError(at(file), `${reason}; ${remedy}`, {cause: error});
		}
	};
	const json = <Value>(file: string, shape: z.ZodType<Value>): Value =>
		read(file, text => validate(shape, JSON.parse(text), file));

	read('config.json', text => checkFormat(folder, JSON.parse(text)));
	const {begun, versions, addon, machine} = json('config.json', config);
	const {hashes: _, ...outcome} = json('result.json', result);
	const epochs = read('events.jsonl', text =>
		text
			.trimEnd()
			.split('\n')
			.map((line, index) => validate(epochShape, JSON.parse(line), `line ${index + 1}`) as EpochEvent),
	);
	const predicted = json('predictions.json', answers) as Answers;

	const changed = changedFile(folder);
	if (changed !== undefined) {
		throw new RecordError(at(changed), `it is not what the run wrote; ${remedy}`);
	}

	const problem = problemOf(predicted);
	if (problem !== undefined) {
		throw new RecordError(at('predictions.json'), `${problem}; ${remedy}`);
	}

	return {...outcome, begun, condition: {versions, addon, machine}, epochs, answers: predicted};
};

/** Says how the classes and ranks of predictions disagree with their labels; `undefined` if they agree, or are missing. */
const problemOf = ({labels, expected, ranks}: Answers): string | undefined => {
	if (!expected && !ranks) {
		return undefined;
	}

	if (expected?.length !== labels.length || ranks?.length !== labels.length) {
		return `it should have a class and a rank for each of ${labels.length} predictions`;
	}

	const image = labels.findIndex((label, image) => (label === expected[image]) !== (ranks[image] === 1));
	return image === -1
		? undefined
		: `image ${image} is predicted as class ${labels[image]} and is of class ${expected[image]}, which should not have rank ${ranks[image]}`;
};
