import {StepladderError} from './stepladder-error.js';

/** A file or folder could not be written. */
export class WriteError extends StepladderError {
	constructor(
		message: string,
		/** The file or folder. */
		readonly path: string,
		options?: ErrorOptions,
	) {
		super('write', message, options);
	}
}
