import {StepladderError} from './stepladder-error.js';

/** libtorch or its addon could not be fetched, or does not match its pinned hash; or a timestamp authority gave no valid timestamp. */
export class FetchError extends StepladderError {
	constructor(
		message: string,
		/** The file or the tool that it should come from. */
		readonly source: string,
		options?: ErrorOptions,
	) {
		super('fetch', message, options);
	}
}
