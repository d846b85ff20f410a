import {clock} from '../format/figures.js';
import type {MovingLine} from './moving-block.js';

type Run = {readonly before: number; done: number; part: number};

/** The progress of several runs together. */
export type TotalProgress = {
	/** How many runs have finished, of how many, and what they are called: `seeds`. */
	readonly finished: number;
	readonly of: number;
	readonly what: string;
	/** Finished epochs, and all of them. */
	readonly epochs: number;
	readonly epochsOf: number;
	readonly secondsSoFar: number;
	readonly secondsLeft: number | undefined;
};

/** Returns the line of progress, the fullest form first. */
export const totalLine = ({
	finished,
	of,
	what,
	epochs,
	epochsOf,
	secondsSoFar,
	secondsLeft,
}: TotalProgress): MovingLine => {
	const left = secondsLeft === undefined ? '' : `, ${clock(secondsLeft)} left`;
	return [
		`${of > 1 ? `${finished} of ${of} ${what} done, ` : ''}${epochs} of ${epochsOf} epochs, ${clock(secondsSoFar)} so far${left}`,
		`${of > 1 ? `${finished}/${of} ${what}, ` : ''}${epochs}/${epochsOf} epochs${left}`,
		`${epochs}/${epochsOf} epochs${left}`,
	];
};

/** The progress of the seeds of a training together, in epochs, and the time that is left. */
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

	/** Starts a run, or resumes it after the epochs of an earlier process. */
	begin(run: string, epochsDone: number): void {
		this.#runs.set(run, {before: epochsDone, done: epochsDone, part: 0});
	}

	/** Sets the epochs that a run has done, with a fraction of the next one. */
	progress(run: string, done: number, epochs: number, part = 0): void {
		this.#epochs = epochs;
		const known = this.#runs.get(run) ?? {before: 0, done: 0, part: 0};
		this.#runs.set(run, {...known, done: Math.max(done, known.done), part});
	}

	/** Marks a run as ended, also before its last epoch. */
	finish(run: string): void {
		this.#finished += 1;
		this.progress(run, this.#epochs, this.#epochs);
	}

	/** The seconds that are left, by the epochs trained in this process; `undefined` before the first of them is done. */
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

	/** Returns the line of progress, the fullest form first. */
	line(now: number): MovingLine {
		return totalLine({
			...{finished: this.#finished, of: this.#of, what: this.#what},
			epochs: [...this.#runs.values()].reduce((total, run) => total + run.done, 0),
			epochsOf: this.#of * this.#epochs,
			secondsSoFar: (now - this.#begun) / 1000,
			secondsLeft: this.secondsLeft(now),
		});
	}
}
