import type {TriedSetting} from '../experiment/settings.js';
import {sha256} from '../fs/hash.js';
import {isWhole, type PlannedSetting, valueAt} from './varied.js';

/** Returns a number in [0, 1), uniform over names. */
export const shareOf = (name: string): number => Number.parseInt(sha256(name).slice(0, 13), 16) / 16 ** 13;

/** Draws a value by the hash of a name, so that a resumed sweep draws the same. */
export const drawValue = (varied: PlannedSetting, name: string): TriedSetting => {
	const share = shareOf(name);
	return varied.values
		? valueAt(varied, Math.floor(share * varied.values.length))
		: {path: varied.path, value: valueInRange(varied.range, share)};
};

/** Returns the number at a share of a range, in [0, 1). */
const valueInRange = (range: NonNullable<PlannedSetting['range']>, share: number): number => {
	const {low, high, log, wholeByLog} = range;
	if (isWhole(range) && !wholeByLog) {
		return low + Math.floor(share * (high - low + 1));
	}

	if (wholeByLog) {
		const [from, to] = [low - 0.5, high + 0.5]; // what rounds to the ends
		return Math.min(Math.round(from * (to / from) ** share), high);
	}

	const value = log ? low * (high / low) ** share : low + share * (high - low);
	return Number(value.toPrecision(4)); // short enough to type
};

/** Returns the number of a range at a position on its scale: a whole one of a range of whole numbers. */
export const valueOnScale = (range: NonNullable<PlannedSetting['range']>, position: number): number => {
	const value = range.log ? Math.exp(position) : position;
	const rounded = isWhole(range) ? Math.round(value) : Number(value.toPrecision(4));
	return Math.min(Math.max(rounded, range.low), range.high);
};
