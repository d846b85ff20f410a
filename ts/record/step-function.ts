import {LadderError, StepladderError} from '../errors/index.js';
import {displayPath} from '../format/command-line.js';
import {formatThrown} from '../format/value.js';
import type {StepEntry} from '../ladder/open-ladder.js';

/**
 * Calls a function of a step's file.
 *
 * @param name of the function, for error messages
 * @throws {LadderError} if it throws anything but a {@link StepladderError}
 */
export const callStepFunction = <Value>(entry: StepEntry, name: string, work: () => Value): Value => {
	try {
		return work();
	} catch (error) {
		if (error instanceof StepladderError) {
			throw error;
		}

		const sentence = `${displayPath(entry.file)}: ${name} threw: ${formatThrown(error)}`;
		throw new LadderError(sentence, entry.file, undefined, {cause: error});
	}
};
