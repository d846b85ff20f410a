import {StepladderError} from './stepladder-error.js';

/** A record is missing, damaged, or no longer true. */
export class RecordError extends StepladderError {
	constructor(
		/** The file or folder. */
		readonly path: string,
		/** The problem, as a sentence. */
		readonly problem: string,
		options?: ErrorOptions,
	) {
		super('record', `${path}: ${problem}`, options);
	}
}
