import {StepladderError} from '../errors/stepladder-error.js';
import {WriteError} from '../errors/write-error.js';

/**
 * Does work that writes.
 *
 * @param what the thing written, in a sentence
 * @throws {WriteError}
 */
export const wrapWriteErrors = <Value>(what: string, file: string, work: () => Value, advice = ''): Value => {
	try {
		return work();
	} catch (error) {
		throw asWriteError(what, file, error, advice);
	}
};

/** Returns a {@link WriteError} for an error; one of this package's own errors, which say more, as it is. */
export const asWriteError = (what: string, file: string, error: unknown, advice = ''): StepladderError => {
	if (error instanceof StepladderError) {
		return error;
	}

	const reason = error instanceof Error ? error.message : String(error);
	return new WriteError(`could not write ${what} (${reason})${advice}`, file, {cause: error});
};

/** Advice for files that go where a flag says. */
export const suggestOut = '; choose another place with `--out`';
