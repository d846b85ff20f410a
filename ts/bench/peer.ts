import {type ChildProcessWithoutNullStreams, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {createInterface, type Interface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {mnistFolder} from '../data/mnist.js';
import type {Experiment} from '../experiment/experiment.js';

/** What one training pass took, or why it could not be run. */
export type Pass = {readonly seconds: number; readonly peakMemory: number} | {readonly error: string};

/** dist/ts/bench/peer.js is three folders below the project. */
const script = fileURLToPath(new URL('../../../scripts/reference/bench_pytorch.py', import.meta.url));

/** PyTorch in a process of its own, kept warm between passes. */
export class PyTorchPeer {
	readonly #child: ChildProcessWithoutNullStreams;
	readonly #answers: AsyncIterator<string>;
	readonly #lines: Interface;
	readonly #folder: string;

	constructor(python: string, experiment: Experiment) {
		this.#folder = mkdtempSync(path.join(os.tmpdir(), 'stepladder-bench-'));
		const file = path.join(this.#folder, 'experiment.json');
		writeFileSync(file, JSON.stringify(experiment));
		this.#child = spawn(python, [script, file, mnistFolder()]);
		this.#child.stderr.pipe(process.stderr);
		this.#lines = createInterface(this.#child.stdout);
		this.#answers = this.#lines[Symbol.asyncIterator]();
	}

	/**
	 * Waits until PyTorch is there.
	 *
	 * @returns its version
	 * @throws {Error} when that Python has no torch
	 */
	async version(): Promise<string> {
		const first = await this.#answers.next();
		if (first.done) {
			throw new Error('that Python could not import torch: name one that can by `--python`');
		}

		return (JSON.parse(first.value) as {torch: string}).torch;
	}

	/** Times one training pass over the first so many images. */
	async pass(variant: string, threads: number, images: number): Promise<Pass> {
		this.#child.stdin.write(`${variant} ${threads} ${images}\n`);
		const answer = await this.#answers.next();
		return answer.done ? {error: 'PyTorch ended'} : (JSON.parse(answer.value) as Pass);
	}

	async close(): Promise<void> {
		const closed = once(this.#child, 'close');
		this.#child.stdin.end();
		await closed;
		this.#lines.close();
		rmSync(this.#folder, {recursive: true, force: true});
	}
}
