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

/** What one training pass took, or why it could not be run. */
export type Pass = {readonly seconds: number; readonly peakMemory: number} | {readonly error: string};

/** A library to compare with: its script in `scripts/reference`, and the ways of running it. */
export type PeerKind = {readonly name: string; readonly script: string; readonly variants: readonly string[]};

/** What it learns: an experiment, and the folder of the four IDX files. */
type Learned = {readonly experiment: Experiment; readonly folder: string; readonly signal: AbortSignal};

export const pytorch: PeerKind = {
	name: 'PyTorch',
	script: 'bench_pytorch.py',
	variants: ['eager', 'channels-last', 'compile', 'bf16'],
};

export const jax: PeerKind = {name: 'JAX', script: 'bench_jax.py', variants: ['jit']};

/** dist/ts/bench/peer.js is three folders below the project. */
const scripts = fileURLToPath(new URL('../../../scripts/reference/', import.meta.url));

/** How long a process may take to end by itself, in milliseconds. */
const patience = 5000;

/** What a line of a process says; nothing where that is no object. */
const answerOf = (line: string): Record<string, unknown> => {
	try {
		return Object(JSON.parse(line));
	} catch {
		return {};
	}
};

/** A library in a Python process of its own, kept warm between passes. */
export class Peer {
	/** What the process took at the most so far, in bytes; undefined before the first pass. */
	peakMemory: number | undefined;
	readonly #child: ChildProcessWithoutNullStreams;
	readonly #answers: AsyncIterator<string>;
	readonly #lines: Interface;
	readonly #folder: string;
	/** Why there is no process. */
	#failure: string | undefined;

	private constructor(
		readonly kind: PeerKind,
		python: string,
		{experiment, folder, signal}: Learned,
	) {
		this.#folder = mkdtempSync(path.join(os.tmpdir(), 'stepladder-bench-'));
		const file = path.join(this.#folder, 'experiment.json');
		writeFileSync(file, JSON.stringify(experiment));
		this.#child = spawn(python, [path.join(scripts, kind.script), file, folder], {
			signal,
			killSignal: 'SIGKILL', // it has nothing to lose, and Ctrl-C should end it at once
		});
		// A process that ended can't be written to; that it ended is told by its missing answer.
		this.#child.on('error', error => {
			this.#failure = error.message;
		});
		this.#child.stdin.on('error', () => {});
		this.#child.stderr.pipe(process.stderr);
		this.#lines = createInterface(this.#child.stdout);
		this.#answers = this.#lines[Symbol.asyncIterator]();
	}

	/**
	 * Starts a library and waits until it is there.
	 *
	 * @returns it and its version
	 * @throws {ConfigError} when that Python can't be started or lacks the library
	 */
	static async start(
		kind: PeerKind,
		python: string,
		learned: Learned,
	): Promise<{readonly peer: Peer; readonly version: string}> {
		const peer = new Peer(kind, python, learned);
		const first = await peer.#answers.next();
		if (first.done) {
			await peer.close();
			if (learned.signal.aborted) {
				throw abortedBy(learned.signal);
			}

			const reason = peer.#failure === undefined ? '' : `, which can’t be started (${peer.#failure})`;
			throw new ConfigError('python', `a Python that has ${kind.name}`, `\`${python}\`${reason}`);
		}

		const {version} = answerOf(first.value) as {version?: unknown};
		if (typeof version !== 'string') {
			peer.#child.kill('SIGKILL'); // it is no peer, and may never end
			await peer.close();
			const answer = `\`${python}\`, which answers ${formatValue(first.value)}`;
			throw new ConfigError('python', `a Python that has ${kind.name}`, answer);
		}

		return {peer, version};
	}

	/** Times one training pass over the first so many images. */
	async pass(variant: string, threads: number, images: number): Promise<Pass> {
		this.#child.stdin.write(`${variant} ${threads} ${images}\n`);
		const answer = await this.#answers.next();
		const said = answer.done ? {error: `${this.kind.name} ended`} : answerOf(answer.value);
		const isPass = 'error' in said || ['seconds', 'peakMemory'].every(key => typeof said[key] === 'number');
		const pass = isPass ? (said as Pass) : {error: `${this.kind.name} answered ${formatValue(answer.value)}`};
		this.peakMemory = 'error' in pass ? this.peakMemory : pass.peakMemory;
		return pass;
	}

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
