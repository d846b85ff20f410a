import {types} from 'node:util';

/** Whether a value is an error of the system, as Node's functions throw it; also where a test runs in a realm of its own, as Jest's do. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
	types.isNativeError(error) && 'syscall' in error;
