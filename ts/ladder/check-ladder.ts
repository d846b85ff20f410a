import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {isPlainObject} from '../validation/plain-object.js';
import type {Ladder} from './open-ladder.js';

/**
 * Checks that a value is an opened ladder.
 *
 * @throws {ConfigError} if it is not, such as a promise that was not awaited
 */
export const checkLadder = (value: unknown): void => {
	const {folder, entries, refused, entry, data} = (value ?? {}) as Partial<Ladder>;
	const isLadder =
		isPlainObject(value) &&
		typeof folder === 'string' &&
		Array.isArray(entries) &&
		Array.isArray(refused) &&
		typeof entry === 'function' &&
		typeof data?.open === 'function';
	if (!isLadder) {
		const got = value instanceof Promise ? 'a promise' : formatValue(value);
		throw new ConfigError('ladder', 'a ladder, as `await openLadder(FOLDER)` gives it', got);
	}
};
