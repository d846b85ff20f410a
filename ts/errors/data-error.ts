import {StepladderError} from './stepladder-error.js';

/** A data file is missing, damaged, or does not match its header. */
export class DataError extends StepladderError {
	constructor(
		message: string,
		/** The file. */
		readonly path: string,
		/** A description of the expected contents. */
		readonly expected: string,
		/** A description of the actual contents. */
		readonly got: string,
	) {
		super('data', message);
	}
}
