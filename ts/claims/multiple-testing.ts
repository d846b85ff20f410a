import {holm} from '../statistics/holm.js';

/** The level that a family of tests is held to: the probability of even one false finding. */
const level = 0.05;

/** One test that a claim rests on. */
export type Test = {
	/** What is tested, so that a test that two claims ask for counts once. */
	readonly name: string;
	readonly pValue: number;
	/** Whether it is about what the step was to change, so that it stands by itself. */
	readonly primary: boolean;
};

/**
 * The tests of one analysis. Those of the primary measure are held to 5 % each: difference and equivalence can't both be
 * false findings, since no true difference is zero and beyond a margin at once. All others are held to 5 % together, by
 * Holm's correction.
 */
export class TestFamily {
	readonly #askAll: () => void;
	readonly #others = new Map<string, number>();
	#gathered = false;

	/** `askAll` evaluates every claim: which tests there are is known before the first is decided. */
	constructor(askAll: () => void) {
		this.#askAll = askAll;
	}

	/** Whether a test is passed. */
	passes({name, pValue, primary}: Test): boolean {
		if (!primary) {
			this.#others.set(name, pValue);
		}

		this.#gather();
		return primary ? pValue < level : this.#corrected(name) < level;
	}

	/** Asks until no test is new: what a claim asks for may hang on how an earlier test of it came out. */
	#gather(): void {
		if (this.#gathered) {
			return;
		}

		this.#gathered = true;
		for (let known = -1; known < this.#others.size; ) {
			known = this.#others.size;
			this.#askAll();
		}
	}

	#corrected(name: string): number {
		const index = [...this.#others.keys()].indexOf(name);
		return holm([...this.#others.values()])[index] ?? 1;
	}
}
