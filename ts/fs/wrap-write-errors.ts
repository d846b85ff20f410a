import {isSystemError} from '../errors/is-system-error.js';
import {WriteError} from '../errors/write-error.js';
import {InTheWay} from './write-file-atomic.js';

/**
 * Does work that writes.
 *
 * @param what the thing written, in a sentence
 * @throws {WriteError} if the system refuses; other errors are thrown as they are
 */
export const wrapWriteErrors = <Value>(what: string, file: string, work: () => Value, advice = ''): Value => {
	try {
		return work();
	} catch (error) {
		throw asWriteError(what, file, error, advice);
	}
};

/** Returns a {@link WriteError} for an error of the system; any other, which says more or is a bug, as it is. */
export const asWriteError = (what: string, file: string, error: unknown, advice = ''): unknown =>
	isSystemError(error) || error instanceof InTheWay
		? new WriteError(`could not write ${what} (${error.message})${advice}`, file, {cause: error})
		: error;

/** Advice for files that go where a flag says. */
export const suggestOut = '; choose another place with `--out`';
