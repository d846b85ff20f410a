import type {Evidence} from '../claims/evidence.js';
import {LadderError} from '../errors/index.js';
import {displayPath} from '../format/command-line.js';
import {formatValue} from '../format/value.js';
import type {StepEntry} from '../ladder/open-ladder.js';
import {callStepFunction} from './step-function.js';

/**
 * The sentence of a claim.
 *
 * @param index from 0
 * @throws {LadderError} where it gives none
 */
export const claimText = (entry: StepEntry, index: number, evidence: Evidence): string => {
	const what = `\`say\` of claim ${index + 1}`;
	const text: unknown = callStepFunction(entry, what, () => entry.step.analysis[index]?.say(evidence));
	if (typeof text !== 'string') {
		throw new LadderError(
			`${displayPath(entry.file)}: ${what} should give a text, it gave ${formatValue(text)}`,
			entry.file,
		);
	}

	return text;
};
