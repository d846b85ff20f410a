import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';

/** @throws {ConfigError} unless a value is a whole number, and not below `least` */
export const whole = (setting: string, value: number, least: number): number => {
	if (!Number.isSafeInteger(value) || value < least) {
		throw new ConfigError(setting, `a whole number, at least ${least}`, formatValue(value));
	}

	return value;
};
