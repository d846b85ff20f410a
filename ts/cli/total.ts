import {clock} from '../format/figures.js';
import type {MovingLine} from './moving-block.js';

type Run = {readonly before: number; done: number; part: number};

/** How far several runs have come together, and how long they will take: epochs count, since all of them take alike. */
export class Total {
	readonly #of: number;
	readonly #what: string;
	readonly #begun: number;
	readonly #runs = new Map<string, Run>();
	#finished = 0;
	#epochs = 0;

	/**
	 * @param of how many runs there are, without those that were finished before
	 * @param what they are called: `seeds`
	 * @param begun when, in milliseconds
	 */
	constructor(of: number, what: string, begun: number) {
		this.#of = of;
		this.#what = what;
		this.#begun = begun;
	}

	/** A run begins, or goes on after the epochs of an earlier process. */
	begin(run: string, epochsDone: number): void {
		this.#runs.set(run, {before: epochsDone, done: epochsDone, part: 0});
	}

	/** A run has done so many epochs, and a part of the next one. */
	progress(run: string, done: number, epochs: number, part = 0): void {
		this.#epochs = epochs;
		const known = this.#runs.get(run) ?? {before: 0, done: 0, part: 0};
		this.#runs.set(run, {...known, done: Math.max(done, known.done), part});
	}

	/** A run has come to its end, even if before its last epoch. */
	finish(run: string): void {
		this.#finished += 1;
		this.progress(run, this.#epochs, this.#epochs);
	}

	/** Seconds that are left, judged by the epochs trained here; nothing before the first of them is done. */
	secondsLeft(now: number): number | undefined {
		const runs = [...this.#runs.values()];
		const sum = (of: (run: Run) => number): number => runs.reduce((total, run) => total + of(run), 0);
		if (sum(({before, done}) => done - before) === 0) {
			return undefined;
		}

		const trained = sum(({before, done, part}) => done - before + part);
		const left = this.#of * this.#epochs - sum(({done, part}) => done + part);
		return (((now - this.#begun) / 1000) * left) / trained;
	}

	/** The line that says so. */
	line(now: number): MovingLine {
		const done = [...this.#runs.values()].reduce((total, run) => total + run.done, 0);
		const all = this.#of * this.#epochs;
		const seconds = this.secondsLeft(now);
		const left = seconds === undefined ? '' : `, ${clock(seconds)} left`;
		const soFar = `${clock((now - this.#begun) / 1000)} so far`;
		const runs = `${this.#finished} of ${this.#of} ${this.#what} done`;
		return [
			`${this.#of > 1 ? `${runs}, ` : ''}${done} of ${all} epochs, ${soFar}${left}`,
			`${this.#of > 1 ? `${this.#finished}/${this.#of} ${this.#what}, ` : ''}${done}/${all} epochs${left}`,
			`${done}/${all} epochs${left}`,
		];
	}
}
