/** The kinds of errors. These names are stable. */
export type ErrorCode =
	| 'cancelled'
	| 'budget'
	| 'data'
	| 'detached'
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
	| 'slurm'
	| 'write'
	| 'checkpoint'
	| 'memory'
	| 'torch'
	| 'internal';

/** The base class of this package's errors, with a stable `code` and a message for people. */
export class StepladderError extends Error {
	constructor(
		/** Stable for each kind of error. */
		readonly code: ErrorCode,
		message: string,
		options?: ErrorOptions,
	) {
		super(message, options);
		this.name = new.target.name;
	}
}
