import {StepladderError} from './stepladder-error.js';

/** A layer got an input shape that it can't take. */
export class ShapeError extends StepladderError {
	constructor(
		message: string,
		/** The layer's path, such as `head.0`. */
		readonly layer: string,
		/** A description of the shapes that it takes. */
		readonly expected: string,
		/** The shape given: channels x height x width. */
		readonly got: string,
	) {
		super('shape', message);
	}
}
