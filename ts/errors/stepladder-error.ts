/** What every error of this package has: a stable `code` to tell it by, and a sentence for a person. */
export class StepladderError extends Error {
	/** Never changes for a given kind of error. */
	readonly code: string;

	constructor(code: string, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
		this.name = new.target.name;
	}
}
