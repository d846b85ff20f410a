import {unknownName} from './validate.js';

/**
 * Checks that an object has no other names than the known ones.
 *
 * @param within path of the object; empty for options
 * @throws {ConfigError} for the first unknown name, with near ones
 */
export const checkNames = (value: object, known: readonly string[], within = ''): void => {
	const other = Object.keys(value).find(name => !known.includes(name));
	if (other !== undefined) {
		throw unknownName(other, known, within);
	}
};
