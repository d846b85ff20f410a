import {existsSync, readdirSync, rmSync} from 'node:fs';
import path from 'node:path';
import {makeFolders} from '../errors/make-folders.js';
import {clearHalfWritten, writeWhole} from '../errors/write-whole.js';
import {elsewhere, writing} from '../errors/writing.js';
import type {TrialOutcome} from '../experiment/train-trial.js';
import {type Hold, holdPlace, isHeld} from '../machine/hold-place.js';
import {kindAt} from '../machine/kind-at.js';
import {textOf} from '../machine/text-of.js';
import {checksum, json} from '../record/checksum.js';
import type {Experiment} from '../terms/experiment.js';
import {shapes} from '../terms/judged.js';
import type {Condition} from '../terms/record.js';
import type {SweepPlan} from '../terms/sweep.js';
import {sha256} from '../text/sha256.js';
import {shown} from '../text/shown.js';

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
		this.path = path.resolve(out, sha256(json({...identity, sources: addon?.sources})).slice(0, 24));
	}

	/** Where the trainer keeps what it needs to go on. */
	get checkpoint(): string {
		return path.join(this.path, 'checkpoint.safetensors');
	}

	/**
	 * Makes room, and keeps other sweeps out of it.
	 *
	 * @throws {HeldError} where another sweep trains it
	 */
	async hold(signal: AbortSignal): Promise<Hold> {
		this.#writing(() => makeFolders(this.path));
		return holdPlace(shown(this.path), this.#lock, signal, elsewhere);
	}

	/** Clears away what a killed process left half written, and says when it was first begun. */
	begin(): string {
		const now = new Date().toISOString();
		return this.#writing(() => {
			clearHalfWritten(this.path, files);
			const file = path.join(this.path, 'begun.txt');
			const goesOn = existsSync(this.checkpoint) && kindAt(file) === 'a file';
			if (!goesOn || !shapes.time.safeParse(textOf(file)).success) {
				writeWhole(file, now); // what is no time would be refused when all has been trained
			}

			return textOf(file);
		});
	}

	/** What it came to; nothing where it is unfinished, or its file is not as it was written. */
	read(): FinishedTrial | undefined {
		try {
			const {checksum: sum, ...finished} = JSON.parse(textOf(this.#result));
			return sum === checksum(json(finished)) ? finished : undefined;
		} catch {
			return undefined;
		}
	}

	finish(finished: FinishedTrial): void {
		this.#writing(() => {
			writeWhole(this.#result, `${JSON.stringify({...finished, checksum: checksum(json(finished))})}\n`);
			rmSync(this.checkpoint, {force: true});
		});
	}

	/** Whether a process that was killed after it had finished left more than what it came to. */
	get isUntidy(): boolean {
		const names = existsSync(this.path) ? readdirSync(this.path) : [];
		return names.some(name => !files.includes(name)) && !isHeld(this.#lock);
	}

	/** Takes away what such a process left. */
	tidy(): void {
		this.#writing(() => {
			clearHalfWritten(this.path, files);
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
		return writing(`in ${this.path}`, this.path, work, elsewhere);
	}
}
