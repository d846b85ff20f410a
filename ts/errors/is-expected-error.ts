import {isSystemError} from './is-system-error.js';
import {StepladderError} from './stepladder-error.js';

/** Whether an error's message is enough: a mistake of the user's, or an error of the system. Others are bugs. */
export const isExpectedError = (error: unknown): error is Error =>
	error instanceof StepladderError || isSystemError(error);
