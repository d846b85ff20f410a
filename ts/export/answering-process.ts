import {spawn} from 'node:child_process';
import process from 'node:process';
import {ModelError} from '../errors/model-error.js';
import {StepladderError} from '../errors/stepladder-error.js';
import {displayPath} from '../format/command-line.js';
import {abortedBy} from '../platform/abort.js';
import type {Runtime} from './format.js';
import {sizeOf} from './graph.js';
import type {TrainedNet} from './read-model.js';

/**
 * Starts a process that answers by an export. It writes a line with its name and version, then reads batches from stdin, each a
 * little-endian uint32 with the number of images and their bytes, and writes their logits to stdout, little-endian float32.
 *
 * @throws {Error} where the process can't be started or ends before it has said its name; the message is the last line of stderr
 * @throws {AbortError}; of its answers also a {@link ModelError}, if it ends before them
 */
export const startAnswering = async (
	command: string,
	args: readonly string[],
	{file, graph, classes}: TrainedNet,
	signal: AbortSignal,
): Promise<Runtime> => {
	// Ctrl-C in a terminal goes to all processes of a group: in one of its own the process ends by the signal, not before it.
	const child = spawn(command, args, {signal, stdio: ['pipe', 'pipe', 'pipe'], detached: process.platform !== 'win32'});
	const received = new Received();
	let complaint = '';
	child.stderr.on('data', text => {
		complaint = `${complaint}${text}`.slice(-2000);
	});
	child.stdout.on('data', (bytes: Buffer) => received.add(bytes));
	child.stdin.on('error', () => {}); // its end is reported by the process
	child.on('error', error => received.end(signal.aborted ? abortedBy(signal) : error));
	const closed = new Promise<void>(resolve => {
		child.once('close', () => {
			received.end(new Error(complaint.trim().split('\n').at(-1) || 'it ended'));
			resolve();
		});
	});
	return {
		name: await received.line(),
		async logits(pixels) {
			const count = pixels.length / sizeOf(graph.images);
			const head = Buffer.alloc(4);
			head.writeUInt32LE(count);
			child.stdin.write(head);
			child.stdin.write(pixels);
			const bytes = await received.bytes(4 * count * classes.length).catch(error => {
				throw error instanceof StepladderError ? error : unanswered(file, command, error);
			});
			return new Float32Array(new Uint8Array(bytes).buffer);
		},
		async close() {
			child.stdin.end();
			await closed;
		},
	};
};

/** Returns the error for a process that ended before it had answered. */
const unanswered = (file: string, command: string, {message}: Error): ModelError => {
	const reason = `${command} ended before it had answered by the export (${message}): try again, or report it as a bug`;
	return new ModelError(`${displayPath(file)}: ${reason}`, file, reason);
};

/** Bytes that a process wrote, to be awaited. */
class Received {
	#bytes = Buffer.alloc(0);
	#error: Error | undefined;
	#wake = (): void => {};

	add(bytes: Buffer): void {
		this.#bytes = Buffer.concat([this.#bytes, bytes]);
		this.#wake();
	}

	end(error: Error): void {
		this.#error ??= error;
		this.#wake();
	}

	/** Returns the next line, without its end. */
	async line(): Promise<string> {
		const length = await this.#until(() => this.#bytes.indexOf('\n') + 1);
		return (await this.bytes(length)).toString().trim();
	}

	/** Returns the next bytes. */
	async bytes(count: number): Promise<Buffer> {
		await this.#until(() => (this.#bytes.length >= count ? 1 : 0));
		const found = this.#bytes.subarray(0, count);
		this.#bytes = this.#bytes.subarray(count);
		return found;
	}

	async #until(found: () => number): Promise<number> {
		for (;;) {
			const value = found();
			if (value > 0) {
				return value;
			}

			if (this.#error) {
				throw this.#error;
			}

			await new Promise<void>(resolve => {
				this.#wake = resolve;
			});
		}
	}
}
