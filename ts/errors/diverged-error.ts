import {StepladderError} from './stepladder-error.js';

/** The loss stopped being a finite number. */
export class DivergedError extends StepladderError {
	constructor(
		message: string,
		/** 1 for the first. */
		readonly epoch: number,
		/** 0 for the first of its epoch. */
		readonly batch: number,
	) {
		super('diverged', message);
	}
}
