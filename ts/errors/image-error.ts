import {StepladderError} from './stepladder-error.js';

/** An image to predict can't be read. */
export class ImageError extends StepladderError {
	constructor(
		message: string,
		/** The file. */
		readonly path: string,
	) {
		super('image', message);
	}
}
