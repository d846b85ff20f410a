import type {Analysis} from '../claims/analysis.js';
import {LadderError} from '../errors/index.js';
import {displayPath} from '../format/command-line.js';
import {formatValue} from '../format/value.js';
import type {StepEntry} from '../ladder/open-ladder.js';
import {type Alternatives, type Basis, basisOf, typedFigures} from './claim-basis.js';
import {callStepFunction} from './step-function.js';

/** A claim whose functions were called: each method returns what its function returned, or throws what it threw. */
export type EvaluatedClaim = {
	/** The value of `holds`, which may be of any type. */
	readonly holds: () => unknown;
	/**
	 * The sentence, marked if its condition makes no test.
	 *
	 * @throws {LadderError} if `say` threw, or returned no text
	 */
	readonly text: () => string;
	/** Returns what a true claim rests on. */
	readonly basis: () => Basis;
	/** Returns the figures of the sentence of a true claim that no record gives. */
	readonly typedFigures: () => readonly string[];
};

/** Calls both functions of each claim of a step. */
export const evaluateClaims = (
	entry: StepEntry,
	analysis: Analysis,
	alternatives: () => Alternatives,
): EvaluatedClaim[] => {
	const evidence = alternatives().actual;
	return entry.step.analysis.map((claim, index) => {
		const {say, holds} = claim;
		const answer = settled(() => analysis.decide(() => holds(evidence)));
		const sentence = settled(() => {
			const name = `\`say\` of claim ${index + 1}`;
			const text: unknown = callStepFunction(entry, name, () => say(evidence));
			if (typeof text !== 'string') {
				const problem = `${displayPath(entry.file)}: ${name} should give a text, it gave ${formatValue(text)}`;
				throw new LadderError(problem, entry.file);
			}

			return text;
		});
		const isTrue = (): boolean => {
			try {
				return answer() === true;
			} catch {
				return false;
			}
		};
		const basis = once(() => basisOf(claim, analysis, alternatives()));
		return {
			...{holds: answer, basis},
			text: () => (isTrue() && basis() === 'measure' ? `${sentence()} (not tested)` : sentence()),
			typedFigures: once(() =>
				callStepFunction(entry, `\`say\` of claim ${index + 1}, for records with other figures,`, () =>
					typedFigures(claim, analysis, alternatives()),
				),
			),
		};
	});
};

/** Calls a function when it is first asked for, and keeps its value. */
const once = <Value>(work: () => Value): (() => Value) => {
	let known: (() => Value) | undefined;
	return () => {
		known ??= settled(work);
		return known();
	};
};

/** Calls a function at once, and keeps its value or its error. */
const settled = <Value>(work: () => Value): (() => Value) => {
	try {
		const value = work();
		return () => value;
	} catch (error) {
		return () => {
			throw error;
		};
	}
};
