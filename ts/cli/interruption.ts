import process from 'node:process';
import {exitCodes} from './exit-codes.js';

const signals = {SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated} as const;

/** Why a command was ended from outside, and what it should exit with. */
export class Interruption {
	readonly #controller = new AbortController();
	#exitCode: number | undefined;

	/** Listens for Ctrl-C, for SIGTERM, and for a reader of stdout that goes away. */
	constructor() {
		for (const [signal, exitCode] of Object.entries(signals)) {
			process.on(signal, () => {
				if (this.#exitCode !== undefined) {
					process.exit(exitCode); // asked twice: at once
				}

				this.#end(exitCode);
			});
		}

		for (const stream of [process.stdout, process.stderr]) {
			stream.on('error', (error: NodeJS.ErrnoException) => {
				if (error.code !== 'EPIPE') {
					throw error;
				}

				// Whoever reads has enough (`| head`): not a failure
				this.#end(exitCodes.done);
			});
		}
	}

	/** For whatever should end along with the command. */
	get signal(): AbortSignal {
		return this.#controller.signal;
	}

	/** Nothing while nobody has interrupted. */
	get exitCode(): number | undefined {
		return this.#exitCode;
	}

	#end(exitCode: number): void {
		this.#exitCode ??= exitCode;
		this.#controller.abort();
	}
}
