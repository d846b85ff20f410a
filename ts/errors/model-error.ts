import {StepladderError} from './stepladder-error.js';

/** A model file that can't be used: not there, cut short, or not one that a run saved. */
export class ModelError extends StepladderError {
	constructor(
		message: string,
		/** The file. */
		readonly path: string,
		/** Why it can't be used. */
		readonly reason: string,
	) {
		super('model', message);
	}
}
