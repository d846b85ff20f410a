import {readFileSync, rmSync, truncateSync} from 'node:fs';
import path from 'node:path';
import {ConfigError} from '../errors/config-error.js';
import {displayPath} from '../format/command-line.js';
import {appendToFile} from '../fs/append-to-file.js';
import {listFolder} from '../fs/list-folder.js';
import {makeFolders} from '../fs/make-folders.js';
import {wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {checkWritable} from '../fs/write-file-atomic.js';
import {writeUserFile} from '../fs/write-user-file.js';
import {epochRecord, firstRecords, type LoggedEpoch, lastRecord, type RunSettings, readEvents} from './events.js';

/** A run that TensorBoard shows as a line of its own. */
export type LoggedRun = RunSettings & {
	/** The folder of its file; TensorBoard calls the run by its path below `--logdir`. */
	readonly folder: string;
	/** Whether events of an earlier run in its folder are replaced, and not refused. */
	readonly replaces?: boolean;
};

/**
 * The file of events of a run in training, on disk after each epoch. A resumed run appends to its file the epochs that it lacks, so
 * that no epoch is in it twice, and a TensorBoard that reads it goes on.
 */
export class EventLog {
	readonly #run: LoggedRun;
	readonly #file: string;
	/** The last epoch in the file. */
	readonly #epochsBefore: number;
	readonly #hasEnded: boolean;
	#time: number;
	#epochs = 0;

	/**
	 * @throws {ConfigError} if the folder has events of another run
	 * @throws {WriteError}
	 */
	constructor(run: LoggedRun) {
		this.#run = run;
		this.#file = fileOf(run);
		this.#time = run.begun;
		const before = readBefore(run);
		this.#epochsBefore = before?.epochs ?? 0;
		this.#hasEnded = before?.hasEnded ?? false;
		this.#write(() => {
			if (before) {
				truncateSync(this.#file, before.length);
			} else {
				appendToFile(this.#file, firstRecords(run));
			}
		});
	}

	/** Adds an epoch. A resumed run passes the earlier ones too. */
	epoch(row: LoggedEpoch): void {
		this.#time += row.seconds;
		this.#epochs = row.epoch;
		if (row.epoch > this.#epochsBefore) {
			this.#write(() => appendToFile(this.#file, epochRecord(row, this.#time)));
		}
	}

	/** Marks the run as finished. */
	end(): void {
		if (!this.#hasEnded) {
			this.#write(() => appendToFile(this.#file, lastRecord('finished', this.#epochs, this.#time)));
		}
	}

	#write(work: () => void): void {
		writing(this.#run, work);
	}
}

/**
 * Writes the file of events of a run that has ended. One that has them all already stays as it is.
 *
 * @throws {ConfigError} if the folder has events of another run
 * @throws {WriteError}
 */
export const writeEventFile = (
	run: LoggedRun,
	epochs: readonly LoggedEpoch[],
	outcome: 'finished' | 'diverged',
): void => {
	let time = run.begun;
	const rows = epochs.map(row => {
		time += row.seconds;
		return epochRecord(row, time);
	});
	const bytes = Buffer.concat([firstRecords(run), ...rows, lastRecord(outcome, epochs.at(-1)?.epoch ?? 0, time)]);
	const file = fileOf(run);
	const before = readBefore(run);
	writing(run, () => {
		if (!before || !readFileSync(file).equals(bytes)) {
			writeUserFile(file, bytes);
		}
	});
};

const ending = '.stepladder';

/** Returns the path of the one file of a run. TensorBoard reads names with `tfevents` in them. */
const fileOf = ({folder, begun}: LoggedRun): string =>
	path.join(folder, `events.out.tfevents.${Math.floor(begun)}${ending}`);

/** Makes the folder of a run, and reads its file; `undefined` if it has none, or one without a whole event. */
const readBefore = (run: LoggedRun): ReturnType<typeof readEvents> | undefined =>
	writing(run, () => {
		const {folder, begun, replaces = false} = run;
		makeFolders(folder);
		const file = fileOf(run);
		const own = path.basename(file);
		const names = listFolder(folder).filter(name => name.includes('tfevents'));
		checkWritable(file);
		const found = names.includes(own) ? readEvents(readFileSync(file)) : undefined;
		if (found?.begun === begun && names.length === 1) {
			return found;
		}

		// A write that was interrupted may have left a file of its own without a whole event.
		const isRemovable = (name: string): boolean =>
			(name === own && found?.begun === undefined) || (replaces && name.endsWith(ending));
		if (!names.every(isRemovable)) {
			const at = displayPath(folder);
			const sentence = `${at} has the events of another run, and TensorBoard would show both as one line: choose another folder, or remove ${at}`;
			throw new ConfigError('tensorboard', 'a folder without events of other runs', at, sentence);
		}

		for (const name of names) {
			rmSync(path.join(folder, name));
		}

		return undefined;
	});

const writing = <Value>({folder}: LoggedRun, work: () => Value): Value =>
	wrapWriteErrors(
		`events for TensorBoard in ${displayPath(folder)}`,
		folder,
		work,
		'; choose another place with `--log tensorboard=DIR`',
	);
