import {exitCodes} from '../../ts/cli/exit-codes.js';

/** How a command ended. */
export type End = {
	readonly exitCode: number | undefined;
	readonly signal?: string | undefined;
	readonly stdout: string;
	readonly stderr: string;
	readonly timedOut: boolean;
};

const documented = new Set<number>(Object.values(exitCodes));

const stack = /^ {4}at |panicked at|Assertion .* failed|node:internal/m;

/** Returns the problem of how a command ended, if any: its code must be documented, and a failure have a message. */
export const badEnd = ({exitCode, signal, stdout, stderr, timedOut}: End): string | undefined => {
	if (timedOut) {
		return 'it hung';
	}

	if (signal !== undefined) {
		return `it was ended by ${signal}: ${stderr}`;
	}

	if (exitCode === undefined || !documented.has(exitCode)) {
		return `exit code ${exitCode} is not documented: ${stderr}`;
	}

	if (stack.test(stderr)) {
		return `it showed a stack: ${stderr}`;
	}

	const failed = exitCode !== exitCodes.done && exitCode !== exitCodes.targetMissed;
	return failed && !/\S/.test(stdout + stderr) ? `it failed with ${exitCode} and printed nothing` : undefined;
};
