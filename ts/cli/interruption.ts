import process from 'node:process';
import {exitCodes} from './exit-codes.js';

const signals = {SIGHUP: exitCodes.hungUp, SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated} as const;

/** npm passes on the Ctrl-C that the terminal has sent already: within so many milliseconds it is the same one. */
const sameOne = 500;

/**
 * Why a command was ended from outside, and what it should exit with. This file imports next to nothing, so that signals
 * are heard before the rest is loaded.
 */
export class Interruption {
	/** What is kept and how to go on, as the rest of a sentence; a command says so as soon as there is something. */
	kept: string | undefined;
	readonly #controller = new AbortController();
	#exitCode: number | undefined;
	#endedAt = 0;
	#isHeeded = false;
	#failure: string | undefined;

	/** Listens for Ctrl-C, SIGTERM and a terminal that is closed, and for output that can't be written. */
	constructor() {
		for (const [signal, exitCode] of Object.entries(signals)) {
			process.on(signal, () => this.#onSignal(exitCode));
		}

		for (const stream of [process.stdout, process.stderr]) {
			stream.on('error', (error: NodeJS.ErrnoException) => this.#onStreamError(stream, error));
		}
	}

	/** For whatever should end along with the command: who asks for it sees to a good end. */
	get signal(): AbortSignal {
		this.#isHeeded = true;
		return this.#controller.signal;
	}

	/** The command has come to its end: what fails now, such as the last of the output, has nobody else to tell of it. */
	settle(): void {
		this.#isHeeded = false;
	}

	/** Nothing while nobody has interrupted. */
	get exitCode(): number | undefined {
		return this.#exitCode;
	}

	/** What there is to say at the end; nothing where the reader of the output went away. */
	get sentence(): string | undefined {
		return this.#exitCode === exitCodes.done
			? undefined
			: `${this.#failure ?? 'interrupted'}${this.kept === undefined ? '' : `; ${this.kept}`}`;
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
			this.#abort(exitCodes.done); // whoever reads has enough (`| head`): not a failure
		} else if (error.code === 'EIO' && stream.isTTY) {
			this.#abort(exitCodes.hungUp); // the terminal was closed
		} else if (this.#failure === undefined) {
			this.#failure = `could not write the output (${error.message})`;
			this.#end(exitCodes.failed);
		}
	}

	/** Asks the command to end; one that does not listen is ended. */
	#end(exitCode: number): void {
		this.#abort(exitCode);
		if (!this.#isHeeded) {
			this.#say(this.sentence ?? '');
			process.exit(this.#exitCode);
		}
	}

	#abort(exitCode: number): void {
		this.#exitCode ??= exitCode;
		this.#endedAt = performance.now();
		this.#controller.abort();
	}

	#say(sentence: string): void {
		process.stderr.write(`stepladder: ${sentence}\n`);
	}
}
