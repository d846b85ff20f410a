import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';

/** @throws {ConfigError} for what has no named parts, such as `null` in the place of options */
export const checkObject = (setting: string, value: unknown, expected = 'an object'): void => {
	if (!isPlainObject(value)) {
		throw new ConfigError(setting, expected, formatValue(value));
	}
};

/** A part by its name; `undefined` where there is none of that name, whatever every object inherits. */
export const ownProperty = (parts: Record<string, unknown>, name: string): unknown =>
	Object.hasOwn(parts, name) ? parts[name] : undefined;

/** Whether a value is an object of named parts, rather than a list or a single value. */
export const isPlainObject = (value: unknown): value is Record<string, unknown> =>
	typeof value === 'object' && value !== null && !Array.isArray(value);
