import {AbortError} from '../errors/abort-error.js';
import {LockError} from '../errors/lock-error.js';

/** Returns the error for an aborted signal: its own reason for a lost lock, else an {@link AbortError}. */
export const abortedBy = (signal: AbortSignal | undefined): AbortError | LockError =>
	signal?.reason instanceof LockError ? signal.reason : new AbortError(signal?.reason);

/** @throws {AbortError} if a signal has aborted */
export const throwIfAborted = (signal: AbortSignal): void => {
	if (signal.aborted) {
		throw abortedBy(signal);
	}
};

/**
 * Waits for work, or until a signal aborts, whether or not the work ends then.
 *
 * @throws {AbortError}
 */
export const abortable = async <Value>(work: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> => {
	if (!signal) {
		return work;
	}

	const listening = new AbortController();
	const stopped = new Promise<never>((_, reject) => {
		const stop = (): void => reject(abortedBy(signal));
		signal.addEventListener('abort', stop, {once: true, signal: listening.signal});
		if (signal.aborted) {
			stop();
		}
	});
	try {
		return await Promise.race([work, stopped]);
	} finally {
		listening.abort();
	}
};
