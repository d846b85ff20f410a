import {unknownNames} from './validate.js';

/**
 * Checks that an object has no other names than the known ones.
 *
 * @param within path of the object; empty for options
 * @throws {ConfigError} for all unknown names, each with similar ones
 */
export const checkNames = (value: object, known: readonly string[], within = ''): void => {
	const others = Object.keys(value).filter(name => !known.includes(name));
	if (others.length > 0) {
		throw unknownNames(others, known, within);
	}
};
