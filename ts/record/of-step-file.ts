import {LadderError, StepladderError} from '../errors/index.js';
import type {Place} from '../ladder/open-ladder.js';
import {shown} from '../text/shown.js';
import {thrownText} from '../text/thrown-text.js';

/**
 * What a function of a step's file gives.
 *
 * @param what the function, in a sentence
 * @throws {LadderError} where it throws something else than an error of ours
 */
export const ofStepFile = <Value>(place: Place, what: string, work: () => Value): Value => {
	try {
		return work();
	} catch (error) {
		if (error instanceof StepladderError) {
			throw error;
		}

		const sentence = `${shown(place.file)}: ${what} threw: ${thrownText(error)}`;
		throw new LadderError(sentence, place.file, undefined, {cause: error});
	}
};
