import {StepladderError} from './stepladder-error.js';

/** A model file that can't be used: missing, truncated, or not saved by a run. */
export class ModelError extends StepladderError {
	constructor(
		message: string,
		/** The file. */
		readonly path: string,
		/** The reason. */
		readonly reason: string,
	) {
		super('model', message);
	}
}
