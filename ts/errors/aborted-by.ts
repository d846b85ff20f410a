import {AbortError} from './abort-error.js';
import {HeldError} from './held-error.js';

/** What is thrown where a signal said stop: that a folder was taken over is told as that. */
export const abortedBy = (signal: AbortSignal | undefined): AbortError | HeldError =>
	signal?.reason instanceof HeldError ? signal.reason : new AbortError(signal?.reason);
