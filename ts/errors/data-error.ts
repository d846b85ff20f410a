import {StepladderError} from './stepladder-error.js';

/** A data file is missing, damaged, or not what its header says. */
export class DataError extends StepladderError {
	constructor(
		message: string,
		/** The file. */
		readonly path: string,
		/** What should have been there. */
		readonly expected: string,
		/** What is there. */
		readonly got: string,
	) {
		super('data', message);
	}
}
