import type {Measure} from '../experiment/measures.js';
import {type Test, TestFamily} from './multiple-testing.js';

/** A test by what it compares: the records' names, the measure, and the kind of test. */
export type Comparison = {
	readonly records: readonly string[];
	readonly measure: Measure;
	readonly kind: string;
	readonly pValue: number;
};

/** The step whose claims or reason are evaluated. */
export type AnalyzedStep = {
	/** Names of the step and of the one that it grew from. */
	readonly steps: readonly [string, string | undefined];
	/** The measure that the step was to change. */
	readonly primary: Measure;
};

/**
 * The tests of one analysis. While functions of a step are called, all tests belong to the analysis that calls them, whatever
 * records or copies of records they are made on: a step can't leave one out of the correction.
 */
export class Analysis {
	/** Names of the tests that were made. */
	readonly made = new Set<string>();
	/** Numbers that conditions gave to tests: margins, bounds, seeds. */
	readonly given = new Set<number>();
	/** Whether a condition is being decided. A sentence gets p-values as they are, a condition corrected ones. */
	isDeciding = false;
	readonly #step: AnalyzedStep;
	readonly #tests: TestFamily;
	readonly #isInverted: (name: string) => boolean;

	constructor(step: AnalyzedStep, tests = new TestFamily(), isInverted: (name: string) => boolean = () => false) {
		this.#step = step;
		this.#tests = tests;
		this.#isInverted = isInverted;
	}

	/** Calls functions of the step until all their tests were corrected for all others. */
	evaluate<Result>(work: () => Result): Result {
		return this.#tests.settle(() => this.during(work));
	}

	/** Calls a function of the step once. */
	during<Result>(work: () => Result): Result {
		const outer = current;
		current = this;
		try {
			return work();
		} finally {
			current = outer;
		}
	}

	/** Calls a condition: p-values are corrected. */
	decide<Result>(work: () => Result): Result {
		this.isDeciding = true;
		try {
			return work();
		} finally {
			this.isDeciding = false;
		}
	}

	/** Returns an analysis with the same tests, some of which have the opposite outcome, to find out what a condition rests on. */
	probe(isInverted: (name: string) => boolean): Analysis {
		return new Analysis(this.#step, this.#tests.copy(), isInverted);
	}

	passes(comparison: Comparison): boolean {
		const test = this.#count(comparison);
		return this.#tests.passes(test) !== this.#isInverted(test.name);
	}

	/** Returns the p-value that a function of the step may see, and counts the test. */
	pValue(comparison: Comparison): number {
		const test = this.#count(comparison);
		const corrected = this.#tests.corrected(test);
		if (this.#isInverted(test.name)) {
			return corrected < 0.05 ? 1 : 0;
		}

		return this.isDeciding ? corrected : comparison.pValue;
	}

	#count({records, measure, kind, pValue}: Comparison): Test {
		const {steps, primary} = this.#step;
		const names = records.toSorted();
		const isPrimary =
			measure === primary && !kind.startsWith('images') && names.join() === [...steps].toSorted().join();
		const name = [...names, measure, kind].join(', ');
		this.made.add(name);
		return {name, pValue, primary: isPrimary};
	}
}

let current: Analysis | undefined;

/** Returns the analysis whose functions are being called; `undefined` outside of one. */
export const currentAnalysis = (): Analysis | undefined => current;
