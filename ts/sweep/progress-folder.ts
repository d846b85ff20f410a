import {closeSync, existsSync, openSync, readdirSync, rmSync, statSync, writeSync} from 'node:fs';
import path from 'node:path';
import {z} from 'zod';
import {displayPath} from '../format/command-line.js';
import {makeFolders} from '../fs/make-folders.js';
import {readLines} from '../fs/read-lines.js';
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

/** Returns a text that changes with the progress in a folder. */
export const progressStamp = (folder: string): string => {
	const {size, ino, birthtimeMs} = statSync(path.join(folder, file), {throwIfNoEntry: false}) ?? {};
	return [size, ino, birthtimeMs, isFolderLocked(folder)].join();
};

/** What was written since the last look. */
type NewProgress = {
	readonly title: SweepTitle;
	readonly events: readonly SweepEvent[];
	/** Whether a command has begun since, whose events these are. */
	readonly isAnother: boolean;
	/** Whether a process trains it. */
	readonly isTraining: boolean;
};

/** Reads the progress in a folder, each line once: a sweep of many runs writes hundreds of thousands. */
export class ProgressReader {
	readonly #folder: string;
	#file = '';
	#title: SweepTitle | undefined;
	#offset = 0;
	#count = 0;

	constructor(folder: string) {
		this.#folder = folder;
	}

	/**
	 * Reads what was written since the last call.
	 *
	 * @returns `undefined` before anything was written, and after it was removed
	 * @throws {RecordError} for a line that this version does not know
	 */
	read(): NewProgress | undefined {
		const place = path.join(this.#folder, file);
		const found = statSync(place, {throwIfNoEntry: false});
		if (!found) {
			return undefined;
		}

		const identity = `${found.ino} ${found.birthtimeMs}`;
		const isAnother = this.#title === undefined || identity !== this.#file || found.size < this.#offset;
		const [before, offset] = isAnother ? [0, 0] : [this.#count, this.#offset];
		const {lines, next} = readLines(place, offset);
		const parse = <Value>(shape: z.ZodType<Value>, index: number): Value =>
			parseRecordJson(shape, `${displayPath(place)}, line ${before + index + 1}`, lines[index] ?? '', 'the line');
		if (isAnother && lines.length === 0) {
			return undefined;
		}

		const title = isAnother || !this.#title ? parse(titleShape, 0) : this.#title;
		const events = lines.flatMap((_, index) => {
			if (before + index === 0) {
				return [];
			}

			const {holdoutAccuracy, secondsLeft, ...event} = parse(eventShape, index);
			return [{...event, holdoutAccuracy, secondsLeft}];
		});
		[this.#file, this.#title, this.#offset, this.#count] = [identity, title, next, before + lines.length];
		return {title, events, isAnother, isTraining: isFolderLocked(this.#folder)};
	}
}
