import {StepladderError} from './stepladder-error.js';

/** Who writes to a place. */
export type LockHolder = {
	readonly pid: number;
	readonly host: string;
	/** In UTC. */
	readonly since: string;
};

/** Another process, or another training of this one, writes to a place. */
export class LockError extends StepladderError {
	constructor(
		/** The place, as a person calls it. */
		what: string,
		readonly path: string,
		/** Nothing where the lock does not say. */
		readonly holder: LockHolder | undefined,
		message = `${what} is in use by ${describeHolder(holder)}: wait until that has finished, or end it`,
	) {
		super('held', message);
	}
}

/** A holder in words. */
export const describeHolder = (holder: LockHolder | undefined): string =>
	holder === undefined
		? 'another process'
		: `process ${holder.pid} on ${holder.host}, since ${holder.since.slice(0, 19).replace('T', ' ')} UTC`;
