import {StepladderError} from './stepladder-error.js';

/** Runs were submitted to a cluster and are not waited for, as `detach` asks for. The same call without it collects their results. */
export class DetachedError extends StepladderError {
	constructor() {
		super('detached', 'the runs were submitted, and are not waited for');
	}
}
