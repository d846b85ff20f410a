import type {StepRecord} from '../claims/step-record.js';
import type {OpenOptions} from '../data/data.js';
import {checkOpenOptions, openData} from '../data/open-data.js';
import {checkLadder} from '../ladder/check-ladder.js';
import type {Ladder} from '../ladder/open-ladder.js';
import {requireSeeds} from '../runs/train-options.js';
import {checkPath} from '../validation/check-path.js';
import {LadderRecords} from './ladder-records.js';
import {makeRecord, type Recording, type RecordOptions} from './make-record.js';
import {writeTexts} from './write-texts.js';

/** A step being recorded. */
export type Recorder = Omit<Recording, 'write'> & {
	/**
	 * Writes the record, and the texts that rest on it, once the training has come to its end.
	 *
	 * @returns the record, and a sentence for each step that kept its old text, as where a claim is false
	 */
	readonly write: () => {readonly record: StepRecord; readonly kept: readonly string[]};
};

/**
 * Writes down what a step promises, trains it over seeds, and keeps what was measured in its ladder's folder.
 *
 * @example
 * ```ts
 * const recorder = await record(ladder, 'baseline', {seeds: [1, 2, 3, 4, 5], out: 'runs/records'});
 * await recorder.training?.result;
 * recorder.write();
 * ```
 * @throws {ConfigError} for a step that is not there, and without `seeds` or `out`
 * @throws {DataError}
 * @throws {RecordError} where the step was promised otherwise, or a run that is there is not as it was written
 */
export const record = async (ladder: Ladder, step: string, given: RecordOptions & OpenOptions): Promise<Recorder> => {
	const {skipDamaged, tell, ...options} = given ?? {};
	checkLadder(ladder);
	checkPath('out', options.out);
	requireSeeds(options.seeds);
	checkOpenOptions({skipDamaged, tell, signal: options.signal});
	const entry = ladder.entry(step);
	const data = await openData(ladder.data, ladder.folder, {
		...(skipDamaged !== undefined && {skipDamaged}),
		...(tell && {tell}),
		signal: options.signal,
	});
	const {finished, training, write} = await makeRecord(entry, data, new LadderRecords(ladder), options);
	return {
		finished,
		training,
		write() {
			const made = write();
			return {record: made, kept: writeTexts(ladder)};
		},
	};
};
