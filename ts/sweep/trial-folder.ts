import {existsSync, readFileSync, rmSync} from 'node:fs';
import path from 'node:path';
import type {Experiment} from '../experiment/experiment.js';
import {fileType} from '../fs/file-type.js';
import {canonicalJson, checksum, sha256} from '../fs/hash.js';
import type {Lock} from '../fs/lock.js';
import {makeFolders} from '../fs/make-folders.js';
import {suggestOut} from '../fs/wrap-write-errors.js';
import {removePartialFiles, writeFileAtomic} from '../fs/write-file-atomic.js';
import type {Condition} from '../native/condition.js';
import {checkpointIn, hasLeftovers, isFolderLocked, lockFolder, removeLeftovers, writeIn} from '../runs/folder.js';
import {shapes} from '../validation/validate.js';
import type {SweepPlan} from './plan.js';
import type {TrialOutcome} from './train-trial.js';

/** The files in the folder of a trial. */
const files = ['begun.txt', 'stopped.json', 'result.json'];

/** A finished seed of a trial. */
export type FinishedTrial = {
	readonly outcome: TrialOutcome;
	/** Start time, in UTC. */
	readonly begun: string;
	readonly condition: Condition;
};

/**
 * The folder of one seed of a trial until its sweep has finished. Its name is the hash of everything that the trial's bits
 * depend on: sweeps share the runs they have in common, and no others.
 */
export class TrialFolder {
	readonly path: string;

	constructor(out: string, plan: SweepPlan, experiment: Experiment, seed: number, {versions, addon}: Condition) {
		const {data, holdout, limitTrain, drawSeed} = plan;
		const images = {holdout, limitTrain, drawSeed, data: data.hash, validation: data.validation};
		const identity = {experiment, seed, ...images, version: versions.stepladder};
		this.path = path.resolve(out, sha256(canonicalJson({...identity, sources: addon?.sources})).slice(0, 24));
	}

	/** Where the trainer writes its checkpoint. */
	get checkpoint(): string {
		return checkpointIn(this.path);
	}

	/**
	 * Creates the folder, and acquires its lock.
	 *
	 * @throws {LockError} if another sweep trains it
	 */
	async lock(signal: AbortSignal): Promise<Lock> {
		writeIn(this.path, () => makeFolders(this.path));
		return lockFolder(this.path, signal, suggestOut);
	}

	/** Removes partly written files, and returns the time at which the run began. */
	begin(): string {
		const now = new Date().toISOString();
		return writeIn(this.path, () => {
			removePartialFiles(this.path, files);
			const file = path.join(this.path, 'begun.txt');
			const isResumed = existsSync(this.checkpoint) && fileType(file) === 'a file';
			if (!isResumed || !shapes.time.safeParse(readFileSync(file, 'utf8')).success) {
				writeFileAtomic(file, now); // a damaged time would be refused only after all trials are trained
			}

			return readFileSync(file, 'utf8');
		});
	}

	/**
	 * Returns the result; `undefined` if the trial is unfinished, or its file has changed.
	 *
	 * @param until an epoch, if the result so far of a trial that was stopped then or later serves too
	 */
	read(until = Number.POSITIVE_INFINITY): FinishedTrial | undefined {
		const stopped = (): FinishedTrial | undefined => {
			const soFar = Number.isFinite(until) ? readSealed(this.#stopped) : undefined;
			return soFar && soFar.outcome.epochs.length >= until ? soFar : undefined;
		};
		return readSealed(this.#result) ?? stopped();
	}

	/** Writes the result. */
	finish(finished: FinishedTrial): void {
		writeIn(this.path, () => {
			writeFileAtomic(this.#result, sealed(finished));
			for (const file of [this.#stopped, this.checkpoint]) {
				rmSync(file, {force: true});
			}
		});
	}

	/** Writes the result so far of a trial that was stopped, and keeps its checkpoint. */
	stop(soFar: FinishedTrial): void {
		writeIn(this.path, () => writeFileAtomic(this.#stopped, sealed(soFar)));
	}

	/** Whether a killed process left more than the files of a finished trial, and no other process writes there. */
	get isUntidy(): boolean {
		return hasLeftovers(this.path, files) && !isFolderLocked(this.path);
	}

	/** Removes what a killed process left in the folder of a finished trial. */
	cleanUp(): void {
		writeIn(this.path, () => removeLeftovers(this.path, files));
	}

	/** Removes results and checkpoint. The caller has the lock. */
	clear(): void {
		writeIn(this.path, () => {
			for (const file of [this.#result, this.#stopped, this.checkpoint]) {
				rmSync(file, {force: true});
			}
		});
	}

	get #result(): string {
		return path.join(this.path, 'result.json');
	}

	get #stopped(): string {
		return path.join(this.path, 'stopped.json');
	}
}

const sealed = (finished: FinishedTrial): string =>
	`${JSON.stringify({...finished, checksum: checksum(canonicalJson(finished))})}\n`;

const readSealed = (file: string): FinishedTrial | undefined => {
	try {
		const {checksum: sum, ...finished} = JSON.parse(readFileSync(file, 'utf8'));
		return sum === checksum(canonicalJson(finished)) ? finished : undefined;
	} catch {
		return undefined;
	}
};
