import type {Evidence} from '../claims/evidence.js';
import {LadderError} from '../errors/index.js';
import {displayPath} from '../format/command-line.js';
import {formatValue} from '../format/value.js';
import type {StepEntry} from '../ladder/open-ladder.js';
import {callStepFunction} from './step-function.js';

/** A claim whose functions were called: each method returns what its function returned, or throws what it threw. */
export type EvaluatedClaim = {
	/** The value of `holds`, which may be of any type. */
	readonly holds: () => unknown;
	/** @throws {LadderError} if `say` threw, or returned no text */
	readonly text: () => string;
};

/** Calls both functions of each claim of a step. */
export const evaluateClaims = (entry: StepEntry, evidence: Evidence): EvaluatedClaim[] =>
	entry.step.analysis.map(({say, holds}, index) => ({
		holds: settled(() => holds(evidence)),
		text: settled(() => {
			const name = `\`say\` of claim ${index + 1}`;
			const text: unknown = callStepFunction(entry, name, () => say(evidence));
			if (typeof text !== 'string') {
				const sentence = `${displayPath(entry.file)}: ${name} should give a text, it gave ${formatValue(text)}`;
				throw new LadderError(sentence, entry.file);
			}

			return text;
		}),
	}));

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
