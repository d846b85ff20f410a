import {StepladderError} from './stepladder-error.js';

/** A ladder, or one of its files, that is missing or can't be used. */
export class LadderError extends StepladderError {
	constructor(
		message: string,
		/** The file or folder. */
		readonly path: string,
		/** Where in the file; nothing where it is about the whole of it. */
		readonly line?: number,
		options?: ErrorOptions,
	) {
		super('ladder', message, options);
	}
}
