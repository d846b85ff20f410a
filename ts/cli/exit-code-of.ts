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
	TrainerError,
} from '../index.js';
import {exitCodes} from './exit-codes.js';

/** The exit code of an error. */
export const exitCodeOf = (error: unknown): number => {
	const isOneOf = (...classes: Array<new (...args: never[]) => Error>): boolean =>
		classes.some(errorClass => error instanceof errorClass);
	if (isOneOf(ConfigError, ShapeError, BudgetError, DeviceError, LadderError)) {
		return exitCodes.usage;
	}

	const isCheckpoint = error instanceof TrainerError && error.code === 'checkpoint';
	if (isCheckpoint || isOneOf(DataError, ModelError, ImageError, RecordError)) {
		return exitCodes.data;
	}

	return error instanceof DivergedError ? exitCodes.diverged : exitCodes.failed;
};
