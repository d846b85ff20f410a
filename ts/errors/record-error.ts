import {StepladderError} from './stepladder-error.js';

/** A record that is missing, damaged, or no longer true. */
export class RecordError extends StepladderError {
	constructor(
		/** The file or folder. */
		readonly path: string,
		/** What is wrong with it. */
		readonly problem: string,
		options?: ErrorOptions,
	) {
		super('record', `${path}: ${problem}`, options);
	}
}
