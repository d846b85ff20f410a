import process from 'node:process';
import {escapeControls} from '../format/controls.js';
import {exitCodes} from './exit-codes.js';

const signals = {SIGHUP: exitCodes.hungUp, SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated} as const;

/** npm passes on the Ctrl-C that the terminal has sent already: within this many milliseconds it is the same one. */
const sameOne = 500;

/**
 * The signal that ended a command, and the exit code for it. This file imports next to nothing, so that signals
 * are handled before the rest is loaded.
 */
export class Interruption {
	/** Describes what is saved and how to resume, as the rest of a sentence; set by a command as soon as something is saved. */
	kept: string | undefined;
	/**
	 * The exit code of a command that is ended because the reader of its output has closed it, as `| head` does. A command whose
	 * exit code is a verdict sets one that is no success: it has none yet.
	 */
	whenUnread: number = exitCodes.done;
	readonly #controller = new AbortController();
	#exitCode: number | undefined;
	#endedAt = 0;
	#isHeeded = false;
	#failure: string | undefined;
	#isUnread = false;

	/** Listens for Ctrl-C, SIGTERM and a terminal that is closed, and for output that can't be written. */
	constructor() {
		for (const [signal, exitCode] of Object.entries(signals)) {
			process.on(signal, () => this.#onSignal(exitCode));
		}

		for (const stream of [process.stdout, process.stderr]) {
			stream.on('error', (error: NodeJS.ErrnoException) => this.#onStreamError(stream, error));
		}
	}

	/** Aborts when the command should end. A command that reads it ends by itself. */
	get signal(): AbortSignal {
		this.#isHeeded = true;
		return this.#controller.signal;
	}

	/** Marks the command as finished: nothing else reports later failures, such as those of the last output. */
	settle(): void {
		this.#isHeeded = false;
	}

	/** `undefined` unless the command was interrupted. */
	get exitCode(): number | undefined {
		return this.#exitCode;
	}

	/** Whether the reader of the output has closed it. */
	get isUnread(): boolean {
		return this.#isUnread;
	}

	/** The last sentence. */
	get sentence(): string {
		return `${this.#failure ?? 'interrupted'}${this.kept === undefined ? '' : `; ${this.kept}`}`;
	}

	#onSignal(exitCode: number): void {
		if (this.#exitCode === undefined) {
			this.#end(exitCode);
		} else if (performance.now() - this.#endedAt > sameOne) {
			this.#say(`ended at once${this.kept === undefined ? '' : `; epochs that were done are safe: ${this.kept}`}`);
			process.exit(exitCode);
		}
	}

	#onStreamError(stream: NodeJS.WriteStream, error: NodeJS.ErrnoException): void {
		if (error.code === 'EPIPE') {
			this.#isUnread = true; // the reader has enough (`| head`): not a failure
			this.#controller.abort();
		} else if (error.code === 'EIO' && stream.isTTY) {
			this.#abort(exitCodes.hungUp); // the terminal was closed
		} else if (this.#failure === undefined) {
			this.#failure = `could not write the output (${error.message})`;
			this.#end(exitCodes.failed);
		}
	}

	/** Asks the command to end; ends a command that does not listen. */
	#end(exitCode: number): void {
		this.#abort(exitCode);
		if (!this.#isHeeded) {
			this.#say(this.sentence);
			process.exit(this.#exitCode);
		}
	}

	#abort(exitCode: number): void {
		this.#exitCode ??= exitCode;
		this.#endedAt = performance.now();
		this.#controller.abort();
	}

	#say(sentence: string): void {
		process.stderr.write(escapeControls(`stepladder: ${sentence}\n`));
	}
}
