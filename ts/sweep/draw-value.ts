import {sha256} from '../fs/hash.js';
import {isWhole, type PlannedSetting} from './varied.js';

/** Draws a value by the hash of a name, so that a resumed sweep draws the same. */
export const drawValue = ({values, range}: PlannedSetting, name: string): unknown => {
	const share = Number.parseInt(sha256(name).slice(0, 13), 16) / 16 ** 13; // in [0, 1)
	if (!range) {
		return values[Math.floor(share * values.length)];
	}

	const {low, high, log, wholeByLog} = range;
	if (wholeByLog) {
		const [from, to] = [low - 0.5, high + 0.5]; // what rounds to the ends
		return Math.min(Math.round(from * (to / from) ** share), high);
	}

	if (isWhole(range)) {
		return low + Math.floor(share * (high - low + 1));
	}

	const value = log ? low * (high / low) ** share : low + share * (high - low);
	return Number(value.toPrecision(4)); // short enough to type
};
