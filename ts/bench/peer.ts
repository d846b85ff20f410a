import {type ChildProcessWithoutNullStreams, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {createInterface, type Interface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {ConfigError} from '../errors/index.js';
import type {Experiment} from '../experiment/experiment.js';
import {formatValue} from '../format/value.js';
import {abortedBy} from '../platform/abort.js';

/** Time in seconds and peak memory in bytes of one training pass, or why it failed. */
export type Pass = {readonly seconds: number; readonly peakMemory: number} | {readonly error: string};

/** A library to compare with: its script in `scripts/reference`, and its variants. */
export type PeerKind = {readonly name: string; readonly script: string; readonly variants: readonly string[]};

/** The experiment to train, and the folder of the four IDX files. */
type Training = {readonly experiment: Experiment; readonly folder: string; readonly signal: AbortSignal};

export const pytorch: PeerKind = {
	name: 'PyTorch',
	script: 'bench_pytorch.py',
	variants: ['eager', 'channels-last', 'compile', 'bf16'],
};

export const jax: PeerKind = {name: 'JAX', script: 'bench_jax.py', variants: ['jit']};

/** dist/ts/bench/peer.js is three folders below the project. */
const scripts = fileURLToPath(new URL('../../../scripts/reference/', import.meta.url));

/** Time in milliseconds after which a process that should end is killed. */
const patience = 5000;

/** Parses a line of a process; an empty object if it is no JSON. */
const answerOf = (line: string): Record<string, unknown> => {
	try {
		return Object(JSON.parse(line));
	} catch {
		return {};
	}
};

/** A library in a Python process of its own, kept warm between passes. */
export class Peer {
	/** Peak memory of the process so far, in bytes; `undefined` before the first pass. */
	peakMemory: number | undefined;
	readonly #child: ChildProcessWithoutNullStreams;
	readonly #answers: AsyncIterator<string>;
	readonly #lines: Interface;
	readonly #folder: string;
	/** Why the process could not be started. */
	#failure: string | undefined;

	private constructor(
		readonly kind: PeerKind,
		python: string,
		{experiment, folder, signal}: Training,
	) {
		this.#folder = mkdtempSync(path.join(os.tmpdir(), 'stepladder-bench-'));
		const file = path.join(this.#folder, 'experiment.json');
		writeFileSync(file, JSON.stringify(experiment));
		this.#child = spawn(python, [path.join(scripts, kind.script), file, folder], {
			signal,
			killSignal: 'SIGKILL', // it has no state to save, and Ctrl-C should end it at once
		});
		// Writing to a process that has ended fails; its missing answer reports that instead.
		this.#child.on('error', error => {
			this.#failure = error.message;
		});
		this.#child.stdin.on('error', () => {});
		this.#child.stderr.pipe(process.stderr);
		this.#lines = createInterface(this.#child.stdout);
		this.#answers = this.#lines[Symbol.asyncIterator]();
	}

	/**
	 * Starts a library and waits until it has loaded.
	 *
	 * @returns the library and its version
	 * @throws {ConfigError} if that Python can't be started or lacks the library
	 */
	static async start(
		kind: PeerKind,
		python: string,
		training: Training,
	): Promise<{readonly peer: Peer; readonly version: string}> {
		const peer = new Peer(kind, python, training);
		const first = await peer.#answers.next();
		if (first.done) {
			await peer.close();
			if (training.signal.aborted) {
				throw abortedBy(training.signal);
			}

			const reason = peer.#failure === undefined ? '' : `, which can’t be started (${peer.#failure})`;
			throw new ConfigError('python', `a Python that has ${kind.name}`, `\`${python}\`${reason}`);
		}

		const {version} = answerOf(first.value) as {version?: unknown};
		if (typeof version !== 'string') {
			peer.#child.kill('SIGKILL'); // not one of our scripts, so it may never end
			await peer.close();
			const answer = `\`${python}\`, which answers ${formatValue(first.value)}`;
			throw new ConfigError('python', `a Python that has ${kind.name}`, answer);
		}

		return {peer, version};
	}

	/** Times one training pass over the first `images` images. */
	async pass(variant: string, threads: number, images: number): Promise<Pass> {
		this.#child.stdin.write(`${variant} ${threads} ${images}\n`);
		const answer = await this.#answers.next();
		const reply = answer.done ? {error: `${this.kind.name} ended`} : answerOf(answer.value);
		const isPass = 'error' in reply || ['seconds', 'peakMemory'].every(key => typeof reply[key] === 'number');
		const pass = isPass ? (reply as Pass) : {error: `${this.kind.name} answered ${formatValue(answer.value)}`};
		this.peakMemory = 'error' in pass ? this.peakMemory : pass.peakMemory;
		return pass;
	}

	/** Ends the process, killing it if it takes too long, and removes its files. */
	async close(): Promise<void> {
		if (this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null) {
			const ended = once(this.#child, 'exit');
			this.#child.stdin.end();
			const killing = setTimeout(() => this.#child.kill('SIGKILL'), patience);
			await ended;
			clearTimeout(killing);
		}

		this.#lines.close();
		rmSync(this.#folder, {recursive: true, force: true});
	}
}
