import {existsSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import path from 'node:path';
import type {Experiment} from '../experiment/experiment.js';
import {displayPath} from '../format/command-line.js';
import {canonicalJson, checksum, sha256} from '../fs/hash.js';
import {acquireLock, isLocked, type Lock} from '../fs/lock.js';
import {makeFolders} from '../fs/make-folders.js';
import {suggestOut, wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {removePartialFiles, writeFileAtomic} from '../fs/write-file-atomic.js';
import type {Condition} from '../native/condition.js';
import {shapes} from '../validation/validate.js';
import type {SweepPlan} from './plan.js';
import type {TrialOutcome} from './train-trial.js';

/** The files that stay in the folder of a finished trial. */
const files = ['begun.txt', 'result.json'];

/** A finished seed of a trial, with when and by what it was trained. */
export type FinishedTrial = {
	readonly outcome: TrialOutcome;
	readonly begun: string;
	readonly condition: Condition;
};

/**
 * The folder of one seed of a trial while a sweep is not finished. It is called by the hash of all that its bits depend on, so
 * that a sweep takes over only what it would train itself, whichever sweep began it.
 */
export class TrialFolder {
	/** Where it is. */
	readonly path: string;

	constructor(out: string, plan: SweepPlan, experiment: Experiment, seed: number, {versions, addon}: Condition) {
		const {data, holdout, limitTrain} = plan;
		const identity = {experiment, seed, holdout, limitTrain, data: data.hash, version: versions.stepladder};
		this.path = path.resolve(out, sha256(canonicalJson({...identity, sources: addon?.sources})).slice(0, 24));
	}

	/** Where the trainer keeps what it needs to go on. */
	get checkpoint(): string {
		return path.join(this.path, 'checkpoint.safetensors');
	}

	/**
	 * Makes room, and keeps other sweeps out of it.
	 *
	 * @throws {LockError} where another sweep trains it
	 */
	async hold(signal: AbortSignal): Promise<Lock> {
		this.#writing(() => makeFolders(this.path));
		return acquireLock(displayPath(this.path), this.#lock, signal, suggestOut);
	}

	/** Clears away what a killed process left half written, and says when it was first begun. */
	begin(): string {
		const now = new Date().toISOString();
		return this.#writing(() => {
			removePartialFiles(this.path, files);
			const file = path.join(this.path, 'begun.txt');
			const goesOn = existsSync(this.checkpoint) && existsSync(file);
			if (!goesOn || !shapes.time.safeParse(readFileSync(file, 'utf8')).success) {
				writeFileAtomic(file, now); // what is no time would be refused when all has been trained
			}

			return readFileSync(file, 'utf8');
		});
	}

	/** What it came to; nothing where it is unfinished, or its file is not as it was written. */
	read(): FinishedTrial | undefined {
		try {
			const {checksum: sum, ...finished} = JSON.parse(readFileSync(this.#result, 'utf8'));
			return sum === checksum(canonicalJson(finished)) ? finished : undefined;
		} catch {
			return undefined;
		}
	}

	finish(finished: FinishedTrial): void {
		this.#writing(() => {
			writeFileAtomic(this.#result, `${JSON.stringify({...finished, checksum: checksum(canonicalJson(finished))})}\n`);
			rmSync(this.checkpoint, {force: true});
		});
	}

	/** Whether a process that was killed after it had finished left more than what it came to. */
	get isUntidy(): boolean {
		const names = existsSync(this.path) ? readdirSync(this.path) : [];
		return names.some(name => !files.includes(name)) && !isLocked(this.#lock);
	}

	/** Takes away what such a process left. */
	tidy(): void {
		this.#writing(() => {
			removePartialFiles(this.path, files);
			rmSync(this.checkpoint, {force: true});
		});
	}

	/** Takes away what it came to and what it would go on from. Nobody else may hold it. */
	clear(): void {
		this.#writing(() => {
			for (const file of [this.#result, this.checkpoint]) {
				rmSync(file, {force: true});
			}
		});
	}

	get #lock(): string {
		return path.join(this.path, '.lock');
	}

	get #result(): string {
		return path.join(this.path, 'result.json');
	}

	#writing<Value>(work: () => Value): Value {
		return wrapWriteErrors(`in ${this.path}`, this.path, work, suggestOut);
	}
}
