import {
	BudgetError,
	ConfigError,
	DataError,
	DeviceError,
	DivergedError,
	ImageError,
	LadderError,
	ModelError,
	RecordError,
	ShapeError,
} from '../index.js';

/** What the process says as it ends. Part of the contract with scripts. */
export const exitCodes = {
	done: 0,
	failed: 1,
	usage: 2,
	targetMissed: 3,
	diverged: 4,
	data: 5,
	interrupted: 130,
	terminated: 143,
} as const;

/** The exit code of an error. */
export const exitCodeOf = (error: unknown): number => {
	const isOneOf = (...classes: Array<new (...args: never[]) => Error>): boolean =>
		classes.some(errorClass => error instanceof errorClass);
	if (isOneOf(ConfigError, ShapeError, BudgetError, DeviceError, LadderError)) {
		return exitCodes.usage;
	}

	if (isOneOf(DataError, ModelError, ImageError, RecordError)) {
		return exitCodes.data;
	}

	return error instanceof DivergedError ? exitCodes.diverged : exitCodes.failed;
};
