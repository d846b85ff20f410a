import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';

/** @throws {ConfigError} if a value is no object, such as `null` for options */
export const checkObject = (setting: string, value: unknown, expected = 'an object'): void => {
	if (!isPlainObject(value)) {
		throw new ConfigError(setting, expected, formatValue(value));
	}
};

/** Returns an own property; `undefined` for an inherited one. */
export const ownProperty = (parts: Record<string, unknown>, name: string): unknown =>
	Object.hasOwn(parts, name) ? parts[name] : undefined;

/** Whether a value is an object, and no array. */
export const isPlainObject = (value: unknown): value is Record<string, unknown> =>
	typeof value === 'object' && value !== null && !Array.isArray(value);
