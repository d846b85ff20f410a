import {abortedBy} from './aborted-by.js';

/**
 * Waits for work, or until a signal says stop, whatever the work makes of that.
 *
 * @throws {AbortError}
 */
export const unlessAborted = async <Value>(work: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> => {
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
