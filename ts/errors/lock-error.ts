import {StepladderError} from './stepladder-error.js';

/** The process that holds a lock. */
export type LockHolder = {
	readonly pid: number;
	readonly host: string;
	/** In UTC. */
	readonly since: string;
};

/** A folder or file is locked by another process, or by another training of this one. */
export class LockError extends StepladderError {
	constructor(
		/** Its name in a sentence. */
		what: string,
		readonly path: string,
		/** `undefined` if the lock does not say. */
		readonly holder: LockHolder | undefined,
		message = `${what} is in use by ${describeHolder(holder)}: wait until that has finished, or end it`,
	) {
		super('held', message);
	}
}

/** Describes a holder in words. */
export const describeHolder = (holder: LockHolder | undefined): string =>
	holder === undefined
		? 'another process'
		: `process ${holder.pid} on ${holder.host}, since ${holder.since.slice(0, 19).replace('T', ' ')} UTC`;
