import {StepladderError} from './stepladder-error.js';

/** The native addon could not be loaded. */
export class LoadError extends StepladderError {
	constructor(message: string, options?: ErrorOptions) {
		super('load', message, options);
	}
}
