import {ConfigError} from '../errors/index.js';
import {show} from '../text/show.js';
import {isPlain} from './merge.js';

/** @throws {ConfigError} for what has no named parts, such as `null` in the place of options */
export const checkObject = (setting: string, value: unknown, expected = 'an object'): void => {
	if (!isPlain(value)) {
		throw new ConfigError(setting, expected, show(value));
	}
};
