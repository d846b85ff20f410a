import process from 'node:process';
import {AbortError} from '../errors/abort-error.js';
import {isExpectedError} from '../errors/is-expected-error.js';
import {formatThrown} from '../format/value.js';
import {exitCodeOf} from './exit-code-of.js';
import type {Interruption} from './interruption.js';
import {printError} from './print.js';

/** Prints why a command failed or was interrupted, and sets the exit code. */
export const conclude = (interruption: Interruption, failure: {readonly thrown: unknown} | undefined): void => {
	const isEnded = failure === undefined || failure.thrown instanceof AbortError;
	if (isEnded && interruption.exitCode !== undefined) {
		printError(`stepladder: ${interruption.sentence}\n`);
	} else if (failure && isEnded && interruption.isUnread) {
		process.exitCode ??= interruption.whenUnread;
	} else if (failure) {
		printError(`stepladder: ${failureText(failure.thrown)}\n`);
		process.exitCode = exitCodeOf(failure.thrown);
	}

	process.exitCode = interruption.exitCode ?? process.exitCode;
};

/** A user's mistake and a refusal of the system get a sentence, a bug its stack. */
const failureText = (error: unknown): string =>
	isExpectedError(error)
		? error.message
		: (error instanceof Error && error.stack) || `${formatThrown(error)} was thrown, which is no error`;
