/** The exit codes of the command line: part of the contract with scripts. */
export const exitCodes = {
	done: 0,
	failed: 1,
	usage: 2,
	targetMissed: 3,
	diverged: 4,
	data: 5,
	hungUp: 129,
	interrupted: 130,
	terminated: 143,
} as const;
