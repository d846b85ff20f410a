import {StepladderError} from './stepladder-error.js';

/** A run was ended by its `AbortSignal`; `cause` is the signal's reason. */
export class AbortError extends StepladderError {
	constructor(reason: unknown) {
		super('cancelled', 'the run was cancelled', {cause: reason});
	}
}
