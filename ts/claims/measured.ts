import {type Spread, spread} from '../statistics/spread.js';

/** A measure over seeds. */
export type Measured = Spread & {readonly bySeed: ReadonlyMap<number, number>};

/** Computes the spread of a measure over seeds. */
export const measured = (bySeed: ReadonlyMap<number, number>): Measured => ({...spread([...bySeed.values()]), bySeed});
