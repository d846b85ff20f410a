import {StepladderError} from '../errors/stepladder-error.js';
import {WriteError} from '../errors/write-error.js';

/**
 * Does work that writes, and tells of its failure by what could not be written.
 *
 * @throws {WriteError}
 */
export const wrapWriteErrors = <Value>(what: string, place: string, work: () => Value, advice = ''): Value => {
	try {
		return work();
	} catch (error) {
		if (error instanceof StepladderError) {
			throw error; // it says more than that something was not written
		}

		const reason = error instanceof Error ? error.message : String(error);
		throw new WriteError(`could not write ${what} (${reason})${advice}`, place, {cause: error});
	}
};

/** For what goes where a flag says. */
export const suggestOut = '; choose another place with `--out`';
