import {type ErrorCode, StepladderError} from '../errors/stepladder-error.js';
import {exitCodes} from './exit-codes.js';

/** Codes that are missing here exit as `failed`. By code and not by class, so that the classes need not be loaded. */
const byCode: Readonly<Partial<Record<ErrorCode, number>>> = {
	setting: exitCodes.usage,
	shape: exitCodes.usage,
	budget: exitCodes.usage,
	device: exitCodes.usage,
	ladder: exitCodes.usage,
	checkpoint: exitCodes.data,
	data: exitCodes.data,
	model: exitCodes.data,
	image: exitCodes.data,
	record: exitCodes.data,
	diverged: exitCodes.diverged,
};

/** Returns the exit code of an error. */
export const exitCodeOf = (error: unknown): number =>
	(error instanceof StepladderError ? byCode[error.code] : undefined) ?? exitCodes.failed;
