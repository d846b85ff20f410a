/** What kinds of errors there are, by the name that never changes. */
export type ErrorCode =
	| 'cancelled'
	| 'budget'
	| 'data'
	| 'device'
	| 'diverged'
	| 'fetch'
	| 'held'
	| 'image'
	| 'ladder'
	| 'load'
	| 'model'
	| 'record'
	| 'setting'
	| 'shape'
	| 'write'
	| 'checkpoint'
	| 'memory'
	| 'torch'
	| 'internal';

/** What every error of this package has: a stable `code` to tell it by, and a sentence for a person. */
export class StepladderError extends Error {
	constructor(
		/** Never changes for a given kind of error. */
		readonly code: ErrorCode,
		message: string,
		options?: ErrorOptions,
	) {
		super(message, options);
		this.name = new.target.name;
	}
}
