import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';

/** Height and width of an image at the most. */
export const maxSize = 4096;

/** @throws {ConfigError} for a height and width that images can't have */
export const checkSize = (size: unknown): void => {
	if (!Number.isSafeInteger(size) || Number(size) < 1 || Number(size) > maxSize) {
		throw new ConfigError('size', `a whole number from 1 to ${maxSize}`, formatValue(size));
	}
};

/** @throws {ConfigError} unless there is one channel, or three */
export const checkChannels = (channels: unknown): void => {
	if (channels !== 1 && channels !== 3) {
		throw new ConfigError('channels', '1 or 3', formatValue(channels));
	}
};
