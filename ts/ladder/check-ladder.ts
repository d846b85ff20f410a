import {ConfigError} from '../errors/index.js';
import {isPlain} from '../terms/merge.js';
import {show} from '../text/show.js';
import type {Ladder} from './open-ladder.js';

/** @throws {ConfigError} for what is no ladder, such as the promise of one */
export const checkLadder = (value: unknown): void => {
	const {folder, places, refused, place, data} = (value ?? {}) as Partial<Ladder>;
	const isLadder =
		isPlain(value) &&
		typeof folder === 'string' &&
		Array.isArray(places) &&
		Array.isArray(refused) &&
		typeof place === 'function' &&
		typeof data?.open === 'function';
	if (!isLadder) {
		const got = value instanceof Promise ? 'a promise' : show(value);
		throw new ConfigError('ladder', 'a ladder, as `await openLadder(FOLDER)` gives it', got);
	}
};
