import {statSync} from 'node:fs';
import path from 'node:path';
import {getSystemErrorMap} from 'node:util';
import {ConfigError} from '../errors/config-error.js';
import {formatValue} from '../format/value.js';

/** Whether a value can be a path at all. */
export const isPath = (value: unknown): value is string =>
	typeof value === 'string' && value !== '' && !value.includes('\0');

/** @throws {ConfigError} if a value is no path */
export const checkPath = (setting: string, value: unknown): void => {
	if (!isPath(value)) {
		throw new ConfigError(
			setting,
			value && typeof value === 'string' ? 'a path without NUL' : 'a path',
			formatValue(value),
		);
	}
};

/**
 * Checks the path of a file or folder to be read, which may be missing.
 *
 * @throws {ConfigError} also for a path that the system refuses, such as one that is too long
 */
export const checkReadablePath = (setting: string, value: string): void => {
	checkPath(setting, value);
	follow(setting, value, value, 'a path that can be followed');
};

/**
 * Checks the path of a folder, which may be missing.
 *
 * @throws {ConfigError} also for a file, and for a folder that may not be entered
 */
export const checkFolder = (setting: string, value: string): void => {
	checkPath(setting, value);
	follow(setting, value, `${path.resolve(value)}${path.sep}.`, 'a folder that can be entered');
};

const follow = (setting: string, value: string, file: string, expected: string): void => {
	try {
		statSync(file, {throwIfNoEntry: false});
	} catch (error) {
		const {errno = 0, message} = error as NodeJS.ErrnoException;
		const [, reason = message] = getSystemErrorMap().get(errno) ?? [];
		const shown = value.length > 60 ? `${value.slice(0, 57)}...` : value;
		throw new ConfigError(setting, expected, `${shown}: ${reason}`, undefined, {cause: error});
	}
};
