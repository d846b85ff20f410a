import {type ChildProcessWithoutNullStreams, spawn} from 'node:child_process';
import {once} from 'node:events';
import process from 'node:process';
import {createInterface, type Interface} from 'node:readline';

/** Time in milliseconds after which a process that should end is killed. */
const patience = 5000;

/** A line of a process, parsed: empty if it is no JSON, `undefined` if the process ended instead. */
export type Answer = {readonly line: string; readonly fields: Readonly<Record<string, unknown>>} | undefined;

/** A process that answers each line on its stdin with a line of JSON. */
export class PeerProcess {
	/** Why the process could not be started; `undefined` if it was, or as long as it is unknown. */
	failure: string | undefined;
	readonly #child: ChildProcessWithoutNullStreams;
	readonly #answers: AsyncIterator<string>;
	readonly #lines: Interface;

	constructor(program: string, words: readonly string[], signal: AbortSignal) {
		this.#child = spawn(program, words, {
			signal,
			killSignal: 'SIGKILL', // it has no state to save, and Ctrl-C should end it at once
		});
		// Writing to a process that has ended fails; its missing answer reports that instead.
		this.#child.on('error', error => {
			this.failure = error.message;
		});
		this.#child.stdin.on('error', () => {});
		this.#child.stderr.pipe(process.stderr);
		this.#lines = createInterface(this.#child.stdout);
		this.#answers = this.#lines[Symbol.asyncIterator]();
	}

	/** Waits for the next line. */
	async answer(): Promise<Answer> {
		const {done, value: line} = await this.#answers.next();
		return done ? undefined : {line, fields: fieldsOf(line)};
	}

	/** Writes a line and waits for its answer. */
	async ask(line: string): Promise<Answer> {
		this.#child.stdin.write(`${line}\n`);
		return this.answer();
	}

	/** Kills it at once: something else than our programs may never end. */
	kill(): void {
		this.#child.kill('SIGKILL');
	}

	/** Ends the process, killing it if it takes too long. */
	async close(): Promise<void> {
		if (this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null) {
			const ended = once(this.#child, 'exit');
			this.#child.stdin.end();
			const killing = setTimeout(() => this.kill(), patience);
			await ended;
			clearTimeout(killing);
		}

		this.#lines.close();
	}
}

const fieldsOf = (line: string): Record<string, unknown> => {
	try {
		return Object(JSON.parse(line));
	} catch {
		return {};
	}
};
