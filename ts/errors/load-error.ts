import {StepladderError} from './stepladder-error.js';

/** A native addon could not be loaded: this package’s own, the one with libtorch, or sharp’s. */
export class LoadError extends StepladderError {
	constructor(message: string, options?: ErrorOptions) {
		super('load', message, options);
	}
}
