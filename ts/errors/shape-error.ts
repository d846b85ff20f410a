import {StepladderError} from './stepladder-error.js';

/** A layer was given a shape that it cannot take. */
export class ShapeError extends StepladderError {
	constructor(
		message: string,
		/** The layer's place, such as `head.0`. */
		readonly layer: string,
		/** What it takes. */
		readonly expected: string,
		/** The shape that came: channels x height x width. */
		readonly got: string,
	) {
		super('shape', message);
	}
}
