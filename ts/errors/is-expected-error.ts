import {StepladderError} from './stepladder-error.js';

/** Whether an error says what went wrong by itself: a mistake of the user's, or a refusal of the system. Others are bugs. */
export const isExpectedError = (error: unknown): error is Error =>
	error instanceof StepladderError || (error instanceof Error && 'syscall' in error);
