import {ConfigError} from '../errors/index.js';
import {show} from '../text/show.js';

/** @throws {ConfigError} for what is no path */
export const checkPath = (setting: string, value: unknown): void => {
	if (typeof value !== 'string' || value === '') {
		throw new ConfigError(setting, 'a path', show(value));
	}
};
