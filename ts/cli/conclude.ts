import process from 'node:process';
import {CommanderError} from 'commander';
import {AbortError} from '../errors/abort-error.js';
import {isExpectedError} from '../errors/is-expected-error.js';
import {formatThrown} from '../format/value.js';
import {exitCodeOf} from './exit-code-of.js';
import {exitCodes} from './exit-codes.js';
import type {Interruption} from './interruption.js';

/** Says how a command came to its end, and sets the exit code. */
export const conclude = (interruption: Interruption, failure: {readonly thrown: unknown} | undefined): void => {
	interruption.settle();
	const isInterrupted =
		interruption.exitCode !== undefined && (failure === undefined || failure.thrown instanceof AbortError);
	if (isInterrupted && interruption.sentence !== undefined) {
		process.stderr.write(`stepladder: ${interruption.sentence}\n`);
	} else if (failure && !isInterrupted) {
		process.exitCode = report(failure.thrown);
	}

	process.exitCode = interruption.exitCode ?? process.exitCode;
};

/** Says what went wrong, and gives the exit code. */
const report = (error: unknown): number => {
	if (error instanceof CommanderError) {
		return error.exitCode === 0 ? exitCodes.done : exitCodes.usage; // commander has said what is wrong
	}

	// A mistake of the user's or a refusal of the system needs a sentence, a bug of ours its stack.
	const text = isExpectedError(error)
		? error.message
		: (error instanceof Error && error.stack) || `${formatThrown(error)} was thrown, which is no error`;
	process.stderr.write(`stepladder: ${text}\n`);
	return exitCodeOf(error);
};
