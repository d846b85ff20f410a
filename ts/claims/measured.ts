import {type Spread, spread} from '../statistics/spread.js';

/** A measure over seeds. */
export type Measured = Spread & {readonly bySeed: ReadonlyMap<number, number>};

/** Computes the spread of a measure over seeds. Each reader gets a map of its own, since a map can't be frozen. */
export const measured = (bySeed: ReadonlyMap<number, number>): Measured => {
	const entries = [...bySeed];
	return {
		...spread([...bySeed.values()]),
		get bySeed() {
			return new Map(entries);
		},
	};
};
