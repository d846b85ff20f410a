import type {DataSource} from '../data/data.js';
import {RecordError} from '../errors/index.js';
import {train} from '../experiment/train.js';
import type {Place} from '../ladder/open-ladder.js';
import type {EpochEvent} from '../terms/events.js';
import type {RecordedEpoch, StepRecord} from '../terms/record.js';
import {shown} from '../text/shown.js';

/** What must be the same to the bit. */
const compared = [
	'learningRate',
	'trainLoss',
	'trainCorrect',
	'trainTotal',
	'testLoss',
	'testCorrect',
	'testTotal',
] as const;

/**
 * Trains the first epoch of a recorded seed again, and compares it with the record bit by bit.
 *
 * @returns a sentence for each figure that differs
 * @throws {RecordError} where the record has no such seed
 */
export const replay = async (
	place: Place,
	record: StepRecord,
	data: DataSource,
	seed: number,
	signal: AbortSignal,
): Promise<string[]> => {
	const run = record.seeds.find(run => run.seed === seed);
	const recorded = record.epochs.find(row => row.seed === seed);
	if (!run || !recorded) {
		throw new RecordError(place.record, `seed ${seed} is not in it`);
	}

	const {engine, threads} = run;
	const enough = new AbortController();
	const training = train(place.step, {
		...{data, seeds: [seed], engine, ...(engine === 'aten' && {threads})},
		signal: AbortSignal.any([signal, enough.signal]),
	});
	const again = await firstEpoch(training);
	enough.abort();
	return compared
		.filter(column => again[column] !== recorded[column])
		.map(
			(column: keyof RecordedEpoch) =>
				`${shown(place.record)}: \`${column}\` of seed ${seed}, epoch 1 is ${recorded[column]} in the record, ` +
				`${again[column]} when trained again on \`${engine}\``,
		);
};

const firstEpoch = async (training: AsyncIterable<{readonly type: string}>): Promise<EpochEvent> => {
	for await (const event of training) {
		if (event.type === 'epoch') {
			return event as EpochEvent;
		}
	}

	throw new Error('a run of no epochs'); // which `epochs` of at least 1 rules out
};
