import {LadderError, StepladderError} from '../errors/index.js';
import {displayPath} from '../format/command-line.js';
import {formatThrown} from '../format/value.js';
import type {StepEntry} from '../ladder/open-ladder.js';

/**
 * What a function of a step's file gives.
 *
 * @param what the function, in a sentence
 * @throws {LadderError} where it throws something else than an error of ours
 */
export const callStepFunction = <Value>(entry: StepEntry, what: string, work: () => Value): Value => {
	try {
		return work();
	} catch (error) {
		if (error instanceof StepladderError) {
			throw error;
		}

		const sentence = `${displayPath(entry.file)}: ${what} threw: ${formatThrown(error)}`;
		throw new LadderError(sentence, entry.file, undefined, {cause: error});
	}
};
