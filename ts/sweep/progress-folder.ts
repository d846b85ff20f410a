import {closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeSync} from 'node:fs';
import path from 'node:path';
import {z} from 'zod';
import {displayPath} from '../format/command-line.js';
import {makeFolders} from '../fs/make-folders.js';
import {parseRecordJson} from '../fs/record-file.js';
import {suggestOut} from '../fs/wrap-write-errors.js';
import {isFolderLocked, lockFolder, writeIn} from '../runs/folder.js';
import type {SweepEvent} from './sweep-event.js';

// The events of a sweep's latest command, for the pages of other processes. Nothing is resumed from them, or recorded.

const [parent, file] = ['progress', 'sweep.jsonl'];

/** What a sweep is called, in the first line of its file. */
export type SweepTitle = {readonly name: string; readonly step: string};

const titleShape = z.strictObject({name: z.string(), step: z.string()});

const eventShape = z.strictObject({
	type: z.enum(['begun', 'epoch', 'finished']),
	trial: z.string(),
	seed: z.number(),
	epoch: z.number(),
	epochs: z.number(),
	holdoutAccuracy: z.number().optional(),
	diverged: z.boolean(),
	done: z.number(),
	of: z.number(),
	epochsDone: z.number(),
	epochsOf: z.number(),
	secondsLeft: z.number().optional(),
});

/**
 * Does work that writes the events of a sweep into a folder of its own, whose lock says meanwhile that the sweep goes on.
 *
 * @param out the parent of the sweep's runs
 * @param identity a hash of the plan: sweeps of several ladders may have one name, and one folder of runs
 * @throws {LockError} if another process trains the same sweep there
 * @throws {WriteError}
 */
export const withProgress = async <Value>(
	out: string,
	title: SweepTitle,
	identity: string,
	signal: AbortSignal,
	work: (write: (event: SweepEvent) => void) => Promise<Value>,
): Promise<Value> => {
	const folder = path.join(out, parent, `${title.name}-${identity.slice(0, 8)}`);
	writeIn(folder, () => makeFolders(folder));
	const lock = await lockFolder(folder, signal, suggestOut);
	try {
		const place = path.join(folder, file);
		const opened = writeIn(folder, () => {
			rmSync(place, {force: true}); // whoever follows the earlier file notices that this is another
			return openSync(place, 'wx');
		});
		const write = (line: SweepTitle | SweepEvent): void => {
			writeIn(folder, () => writeSync(opened, `${JSON.stringify(line)}\n`));
		};
		try {
			write(title);
			return await work(write);
		} finally {
			closeSync(opened);
		}
	} finally {
		lock.release();
	}
};

/** Lists the folders of sweeps' progress: a folder itself, or those below the parent of sweeps' runs, or of all runs. */
export const progressFolders = (folder: string): string[] =>
	[folder, ...[folder, path.join(folder, 'sweeps')].flatMap(runs => foldersIn(path.join(runs, parent)))].filter(
		folder => existsSync(path.join(folder, file)),
	);

const foldersIn = (folder: string): string[] => {
	try {
		return readdirSync(folder).map(name => path.join(folder, name));
	} catch {
		return [];
	}
};

/** A sweep's progress as far as it is known. */
export type Progress = {
	readonly title: SweepTitle;
	readonly events: readonly SweepEvent[];
	/** Whether a process trains it. */
	readonly isTraining: boolean;
};

/** Returns a text that changes with the progress in a folder. */
export const progressStamp = (folder: string): string => {
	const {size, ino, birthtimeMs} = statSync(path.join(folder, file), {throwIfNoEntry: false}) ?? {};
	return [size, ino, birthtimeMs, isFolderLocked(folder)].join();
};

/**
 * Reads the progress in a folder.
 *
 * @returns `undefined` before anything was written, and after it was removed
 * @throws {RecordError} for a line that this version does not know
 */
export const readProgress = (folder: string): Progress | undefined => {
	const place = path.join(folder, file);
	if (!existsSync(place)) {
		return undefined;
	}

	const lines = readFileSync(place, 'utf8').split('\n').slice(0, -1); // the last may be partly written
	const parse = <Value>(shape: z.ZodType<Value>, index: number): Value =>
		parseRecordJson(shape, `${displayPath(place)}, line ${index + 1}`, lines[index] ?? '', 'the line');
	return lines.length === 0
		? undefined
		: {
				title: parse(titleShape, 0),
				events: lines.slice(1).map((_, index) => {
					const {holdoutAccuracy, secondsLeft, ...event} = parse(eventShape, index + 1);
					return {...event, holdoutAccuracy, secondsLeft};
				}),
				isTraining: isFolderLocked(folder),
			};
};
