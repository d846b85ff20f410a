import {StepladderError} from './stepladder-error.js';

/** What is fetched when it is first asked for can't be had: nobody answers, or what came is not what was pinned. */
export class FetchError extends StepladderError {
	constructor(
		message: string,
		/** The address, the file or the tool that it should come from. */
		readonly source: string,
		options?: ErrorOptions,
	) {
		super('fetch', message, options);
	}
}
