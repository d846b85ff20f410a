import {holm} from '../statistics/holm.js';

/** The level of a family of tests: the probability of even one false finding. */
const level = 0.05;

/** One test that a claim rests on. */
export type Test = {
	/** Identifies the test: one that two claims ask for counts once. */
	readonly name: string;
	readonly pValue: number;
	/** Whether it is about the measure that the step was to change, and so is not corrected. */
	readonly primary: boolean;
};

/**
 * The tests of one analysis. Those of the primary measure have a level of 5 % each: difference and equivalence can't both
 * be false findings, since no true difference is zero and beyond a margin at once. All others have a level of 5 %
 * together, by Holm's correction.
 */
export class TestFamily {
	readonly #pValues = new Map<string, number>();
	#decided: Array<{readonly name: string; readonly passed: boolean}> = [];

	/** Returns whether a test passes. Only inside {@link settle} are tests that are asked for later corrected for too. */
	passes({name, pValue, primary}: Test): boolean {
		if (primary) {
			return pValue < level;
		}

		this.#pValues.set(name, pValue);
		const passed = this.#isSignificant(name);
		this.#decided.push({name, passed});
		return passed;
	}

	/**
	 * Evaluates claims until all of their tests were decided among all of them, and returns the last result. Once is enough
	 * unless a later test changed the decision of an earlier one.
	 */
	settle<Result>(evaluate: () => Result): Result {
		for (;;) {
			this.#decided = [];
			const result = evaluate();
			if (this.#decided.every(({name, passed}) => this.#isSignificant(name) === passed)) {
				return result;
			}
		}
	}

	#isSignificant(name: string): boolean {
		const index = [...this.#pValues.keys()].indexOf(name);
		return (holm([...this.#pValues.values()])[index] ?? 1) < level;
	}
}
