import {spawn} from 'node:child_process';
import {once} from 'node:events';
import type {Runtime} from './format.js';
import {sizeOf} from './graph.js';
import type {TrainedNet} from './read-model.js';

/**
 * Starts a process that answers by an export. It writes a line with its name and version, then reads batches from stdin, each a
 * little-endian uint32 with the number of images and their bytes, and writes their logits to stdout, little-endian float32.
 *
 * @throws {Error} where the process can't be started or ends before it has said its name; the message is the last line of stderr
 */
export const startAnswering = async (
	command: string,
	args: readonly string[],
	{graph, classes}: TrainedNet,
	signal: AbortSignal,
): Promise<Runtime> => {
	const child = spawn(command, args, {signal, stdio: ['pipe', 'pipe', 'pipe']});
	const received = new Received();
	let complaint = '';
	child.stderr.on('data', text => {
		complaint = `${complaint}${text}`.slice(-2000);
	});
	child.stdout.on('data', (bytes: Buffer) => received.add(bytes));
	child.stdin.on('error', () => {}); // its end is reported by the process
	child.once('error', error => received.end(error));
	child.once('close', () => received.end(new Error(complaint.trim().split('\n').at(-1) || 'it ended')));
	return {
		name: await received.line(),
		async logits(pixels) {
			const count = pixels.length / sizeOf(graph.images);
			const head = Buffer.alloc(4);
			head.writeUInt32LE(count);
			child.stdin.write(head);
			child.stdin.write(pixels);
			const bytes = await received.bytes(4 * count * classes.length);
			return new Float32Array(new Uint8Array(bytes).buffer);
		},
		async close() {
			child.stdin.end();
			if (child.exitCode === null && child.signalCode === null) {
				await once(child, 'close');
			}
		},
	};
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
