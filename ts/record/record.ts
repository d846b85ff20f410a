import type {StepRecord} from '../claims/step-record.js';
import type {OpenOptions} from '../data/data.js';
import {openData} from '../data/open-data.js';
import {checkOpenOptions, openOptionNames} from '../data/open-options.js';
import {checkLadder} from '../ladder/check-ladder.js';
import type {Ladder} from '../ladder/open-ladder.js';
import {requireSeeds} from '../runs/train-options.js';
import {checkWhere, whereNames} from '../slurm/options.js';
import {checkNames} from '../validation/check-names.js';
import {checkPath} from '../validation/check-path.js';
import {LadderRecords} from './ladder-records.js';
import {makeRecord, type Recording, type RecordOptions} from './make-record.js';
import {writeTexts} from './write-texts.js';

/** A step being recorded. */
export type Recorder = Omit<Recording, 'write'> & {
	/**
	 * Writes the record, and the texts that depend on it, once training has finished.
	 *
	 * @returns the record, and a sentence for each text that was not rewritten, for example since a claim is false
	 */
	readonly write: () => {readonly record: StepRecord; readonly unwritten: readonly string[]};
};

const known = [
	...([
		'engine',
		'threads',
		'jobs',
		'seeds',
		'add',
		'out',
		'fresh',
		'commit',
		'timestamp',
	] as const satisfies ReadonlyArray<keyof RecordOptions>),
	...openOptionNames,
	...whereNames,
];

/**
 * Preregisters a step, trains it over seeds, and writes its record in the ladder's folder. The step's record is locked until it
 * is written, the training has failed, or the recorder is disposed of: `await using` does that at the end of the block.
 *
 * @example
 * ```ts
 * await using recorder = await record(ladder, 'baseline', {seeds: [1, 2, 3, 4, 5], out: 'runs/records'});
 * await recorder.training?.result;
 * recorder.write();
 * ```
 * @throws {ConfigError} for an unknown step or option, and without `seeds` or `out`
 * @throws {DataError}
 * @throws {RecordError} if the step differs from its preregistration, or an existing run is damaged
 */
export const record = async (ladder: Ladder, step: string, given: RecordOptions & OpenOptions): Promise<Recorder> => {
	const {skipDamaged, tell, ...options} = given ?? {};
	checkNames(given ?? {}, known);
	checkWhere(given ?? {});
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
	const {write, ...recording} = await makeRecord(entry, data, new LadderRecords(ladder), {
		...options,
		...(options.on === 'slurm' && {slurm: {...ladder.slurm, ...options.slurm}}),
	});
	return {
		...recording,
		write() {
			const made = write();
			return {record: made, unwritten: writeTexts(ladder)};
		},
	};
};
