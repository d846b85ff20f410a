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
	readonly #pValues: Map<string, number>;
	/** For each answer, whether it is still the same. */
	#answers: Array<() => boolean> = [];

	/** @param pValues of tests that belong to the family from the start */
	constructor(pValues: ReadonlyMap<string, number> = new Map()) {
		this.#pValues = new Map(pValues);
	}

	/** Returns a family with the same tests, to which others can be added without changing this one. */
	copy(): TestFamily {
		return new TestFamily(this.#pValues);
	}

	/** Returns whether a test passes. Only inside {@link settle} are tests that are asked for later corrected for too. */
	passes(test: Test): boolean {
		return this.#answer(test, pValue => pValue < level);
	}

	/** Returns the p-value of a test, corrected for the others of the family unless it is primary. */
	corrected(test: Test): number {
		return this.#answer(test, pValue => pValue);
	}

	/**
	 * Evaluates claims until all of their tests were answered among all of them, and returns the last result. Once is enough
	 * unless a later test changed the answer to an earlier one.
	 */
	settle<Result>(evaluate: () => Result): Result {
		for (;;) {
			this.#answers = [];
			const result = evaluate();
			if (this.#answers.every(isSame => isSame())) {
				return result;
			}
		}
	}

	#answer<Answer>({name, pValue, primary}: Test, of: (corrected: number) => Answer): Answer {
		if (primary) {
			return of(pValue);
		}

		this.#pValues.set(name, pValue);
		const answer = of(this.#corrected(name));
		this.#answers.push(() => Object.is(of(this.#corrected(name)), answer));
		return answer;
	}

	#corrected(name: string): number {
		const index = [...this.#pValues.keys()].indexOf(name);
		return holm([...this.#pValues.values()])[index] ?? 1;
	}
}
