import {StepladderError} from './stepladder-error.js';

/** A ladder or one of its files is missing or can't be used. */
export class LadderError extends StepladderError {
	constructor(
		message: string,
		/** The file or folder. */
		readonly path: string,
		/** The line of the file; `undefined` for the file as a whole. */
		readonly line?: number,
		options?: ErrorOptions,
	) {
		super('ladder', message, options);
	}
}
