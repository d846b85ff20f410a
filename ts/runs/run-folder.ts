import {readFileSync, rmSync} from 'node:fs';
import path from 'node:path';
import type {Goal} from '../experiment/goal.js';
import {appendToFile} from '../fs/append-to-file.js';
import {sha256} from '../fs/hash.js';
import type {Lock} from '../fs/lock.js';
import {suggestOut} from '../fs/wrap-write-errors.js';
import {syncFolder, writeFileAtomic} from '../fs/write-file-atomic.js';
import type {Engine} from '../native/engine.js';
import type {Answers, EpochEvent, LoadedWeights, SeedResult} from './events.js';
import {checkpointIn, writeIn} from './folder.js';
import {pointLatestTo} from './latest.js';
import {fileHash, hashedFiles} from './run-hashes.js';

/** The outcome of a seed, apart from its log. */
export type FinishedSeed = {
	readonly result: SeedResult;
	readonly trainCleanTotal: number;
	readonly answers: Answers;
	/** The weights that it started from, if they were not drawn. */
	readonly loaded?: LoadedWeights | undefined;
	readonly engine: Engine;
	readonly device: string;
	readonly threads: number;
	readonly seconds: number;
};

/** The files that are written atomically. */
export const runFiles = [...hashedFiles, 'metrics.csv', 'result.json'];

/**
 * The folder of one seed's run, locked: `config.json` from the start, a line an epoch in `events.jsonl` and `metrics.csv`,
 * and a checkpoint to resume from; at the end, in its place, `model.safetensors`, `predictions.json` and `result.json`.
 */
export class RunFolder {
	readonly path: string;
	readonly #lock: Lock;
	readonly #config: string;
	/** The link to the newest run; `undefined` for a run that is resumed. */
	readonly #latest: string | undefined;
	/** The epochs so far, those of a checkpoint included. */
	readonly #rows: EpochEvent[] = [];
	/** Whether the logs are to be rewritten, once the checkpoint's epochs have been repeated. */
	#isBehind: boolean;

	constructor(folder: string, lock: Lock, config: string, link?: string) {
		this.path = folder;
		this.#lock = lock;
		this.#config = config;
		this.#latest = link;
		this.#isBehind = link === undefined;
	}

	/** Writes the files of a new run; removes its folder if that fails. */
	create(): void {
		try {
			this.#write(() => {
				this.#writeFile('config.json', this.#config);
				this.#writeLogs([]);
				syncFolder(path.dirname(this.path));
			});
		} catch (error) {
			this.discard();
			throw error;
		}
	}

	/** Start time of the run, in UTC. */
	get begun(): string {
		return JSON.parse(this.#config).begun;
	}

	/** Where the trainer writes the model. */
	get modelPath(): string {
		return path.join(this.path, 'model.safetensors');
	}

	/** Where the trainer writes its checkpoint. */
	get checkpointPath(): string {
		return checkpointIn(this.path);
	}

	/** Aborts with a {@link LockError} when another process takes the folder over. */
	get lost(): AbortSignal {
		return this.#lock.signal;
	}

	/** @throws {LockError} if the folder was removed, or another process has taken it over */
	checkLock(): void {
		this.#lock.check();
	}

	/** Points `out/latest` to a new run, whose first batch is under way. */
	begin(): void {
		if (this.#latest !== undefined) {
			pointLatestTo(this.path, this.#latest);
		}
	}

	/**
	 * Adds an epoch to the logs; it is on disk when this returns.
	 *
	 * @param epochsDone number of epochs in the checkpoint: they replace the logs at once
	 */
	log(row: EpochEvent, epochsDone: number): void {
		this.#write(() => {
			this.#rows.push(row);
			if (this.#isBehind) {
				if (this.#rows.length >= epochsDone) {
					this.#writeLogs(this.#rows);
					this.#isBehind = false;
				}
			} else {
				appendToFile(path.join(this.path, 'events.jsonl'), jsonLine(row));
				appendToFile(path.join(this.path, 'metrics.csv'), csvLine(row));
			}
		});
	}

	/** Marks the run as finished. Logs that were changed or removed in the meantime are rewritten. */
	finish({
		result,
		trainCleanTotal,
		answers,
		...rest
	}: FinishedSeed & {readonly step: string; readonly parameters: number; readonly target: Goal}): void {
		this.#write(() => {
			if (!this.#hasItsLogs()) {
				this.#writeLogs(this.#rows);
			}

			this.#writeFile('predictions.json', `${JSON.stringify(answers)}\n`);
			const outcome = {...rest, ...result, trainCleanTotal};
			const hashOf = (file: string): string =>
				file === 'config.json' ? sha256(this.#config) : fileHash(this.path, file);
			const hashes = Object.fromEntries(hashedFiles.map(file => [file, hashOf(file)]));
			const hash = sha256(JSON.stringify({...outcome, hashes}));
			this.#writeFile('result.json', `${JSON.stringify({...outcome, hashes, hash}, undefined, '\t')}\n`);
			rmSync(this.checkpointPath, {force: true});
		});
	}

	/** Releases the lock. */
	release(): void {
		this.#lock.release();
	}

	/** Removes a new run that failed, as far as it can be removed. */
	discard(): void {
		if (this.#latest !== undefined && !this.lost.aborted) {
			this.release();
			try {
				rmSync(this.path, {recursive: true, force: true});
			} catch {
				// the reason why the run failed matters more
			}
		}
	}

	#write(work: () => void): void {
		this.checkLock();
		writeIn(this.path, work, this.#latest === undefined ? '' : suggestOut); // a resumed run stays in its folder
	}

	#hasItsLogs(): boolean {
		try {
			return readFileSync(path.join(this.path, 'events.jsonl'), 'utf8') === this.#rows.map(jsonLine).join('');
		} catch {
			return false;
		}
	}

	#writeLogs(rows: readonly EpochEvent[]): void {
		this.#writeFile('events.jsonl', rows.map(jsonLine).join(''));
		this.#writeFile('metrics.csv', `${columns.join(',')}\n${rows.map(csvLine).join('')}`);
	}

	#writeFile(file: string, text: string): void {
		writeFileAtomic(path.join(this.path, file), text);
	}
}

const columns = [
	...['epoch', 'learningRate', 'trainLoss', 'trainCorrect', 'trainTotal'],
	...['holdoutLoss', 'holdoutCorrect', 'holdoutTotal', 'testLoss', 'testCorrect', 'testTotal', 'seconds'],
] as const;

const jsonLine = (row: EpochEvent): string => `${JSON.stringify(row)}\n`;
const csvLine = (row: EpochEvent): string => `${columns.map(column => row[column] ?? '').join(',')}\n`;
