import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {ConfigError} from '../errors/index.js';
import type {Experiment} from '../experiment/experiment.js';
import {formatValue} from '../format/value.js';
import {abortedBy} from '../platform/abort.js';
import {PeerProcess} from './peer-process.js';

/** Time in seconds and peak memory in bytes of one training pass, or why it failed. */
export type Pass = {readonly seconds: number; readonly peakMemory: number} | {readonly error: string};

/** The experiment to train, and the folder of the four IDX files. */
export type PeerTraining = {readonly experiment: Experiment; readonly folder: string; readonly signal: AbortSignal};

/** How a library is started: a program, and its arguments before the experiment's file and the folder. */
export type PeerCommand = {
	readonly name: string;
	readonly program: string;
	readonly words: readonly string[];
	/** Whether the user named the program. */
	readonly isPython: boolean;
};

/** A library that waits for passes, or why it can't train the experiment, or the package that it lacks. */
export type StartedPeer =
	| {readonly peer: Peer; readonly version: string; readonly parameters: number}
	| {readonly error: string}
	| {readonly missing: string};

/** A library in a process of its own, kept warm between passes. `scripts/reference/bench_peer.py` has the protocol. */
export class Peer {
	/** Peak memory of the process so far, in bytes; `undefined` before the first pass. */
	peakMemory: number | undefined;
	readonly #process: PeerProcess;
	readonly #folder: string;

	private constructor(
		readonly name: string,
		{program, words}: PeerCommand,
		{experiment, folder, signal}: PeerTraining,
	) {
		this.#folder = mkdtempSync(path.join(os.tmpdir(), 'stepladder-bench-'));
		const file = path.join(this.#folder, 'experiment.json');
		writeFileSync(file, JSON.stringify(experiment));
		this.#process = new PeerProcess(program, [...words, file, folder], signal);
	}

	/**
	 * Starts a library and waits until it has loaded.
	 *
	 * @throws {ConfigError} for a Python that can't be started, or that speaks something else
	 */
	static async start(command: PeerCommand, training: PeerTraining): Promise<StartedPeer> {
		const {name, program, isPython} = command;
		const peer = new Peer(name, command, training);
		const answer = await peer.#process.answer();
		const {version, parameters, missing, error} = answer?.fields ?? {};
		if (typeof version === 'string' && typeof parameters === 'number') {
			return {peer, version, parameters};
		}

		const isKnown = typeof missing === 'string' || typeof error === 'string';
		if (answer && !isKnown) {
			peer.#process.kill();
		}

		await peer.close();
		if (training.signal.aborted) {
			throw abortedBy(training.signal);
		}

		if (typeof missing === 'string') {
			return {missing};
		}

		if (typeof error === 'string') {
			return {error};
		}

		const {failure} = peer.#process;
		const unusable = failure === undefined ? undefined : `can’t be started (${failure})`;
		const reason = answer ? `answers ${formatValue(answer.line)}` : unusable;
		if (isPython && reason !== undefined) {
			throw new ConfigError('python', `a Python that has ${name}`, `\`${program}\`, which ${reason}`);
		}

		return {error: `its program ${reason ?? 'ended before it was ready'}`};
	}

	/** Times one training pass over `images` of the images. */
	async pass(variant: string, threads: number, images: number, augmented: boolean): Promise<Pass> {
		const answer = await this.#process.ask(`${variant} ${threads} ${images} ${augmented ? 'augmented' : 'plain'}`);
		const {seconds, peakMemory, error} = answer?.fields ?? {};
		if (typeof seconds === 'number' && typeof peakMemory === 'number') {
			this.peakMemory = peakMemory;
			return {seconds, peakMemory};
		}

		if (typeof error === 'string') {
			return {error};
		}

		return {error: answer ? `${this.name} answered ${formatValue(answer.line)}` : `${this.name} ended`};
	}

	/** Ends the process and removes its files. */
	async close(): Promise<void> {
		await this.#process.close();
		rmSync(this.#folder, {recursive: true, force: true});
	}
}
