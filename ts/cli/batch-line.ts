import {clock, percent} from '../format/figures.js';
import type {BatchEvent} from '../runs/events.js';
import type {MovingLine} from './moving-block.js';

/** Formats the progress of an epoch after `seconds` of it, the fullest form first. */
export const batchLine = (event: BatchEvent, seconds: number): MovingLine => {
	const {loss, batch, batches, correct, seen, seed, epoch, epochs} = event;
	const done = batch + 1;
	const rate = done / Math.max(seconds, 1e-3);
	const share = `${Math.floor((100 * done) / batches)}%`;
	const bar = `|${'█'.repeat(Math.floor((10 * done) / batches)).padEnd(10)}|`;
	const run = `Seed ${seed} Epoch ${epoch}/${epochs}`;
	const accuracy = `Accuracy=${percent(correct / seen)}`;
	const counted = `${bar} ${done}/${batches}`;
	return [
		`${run} Loss=${loss.toFixed(4)} Batch_id=${batch} ${accuracy}: ${share}${counted} [${clock(seconds)}<${clock((batches - done) / rate)}, ${rate.toFixed(1)}it/s]`,
		`${run} Loss=${loss.toFixed(4)} ${accuracy}: ${share}${counted}`,
		`${run} ${accuracy}: ${share}${bar}`,
		`${run} ${accuracy}: ${share}`,
		`Seed ${seed} ${epoch}/${epochs} ${percent(correct / seen)}: ${share}`,
		`${seed}: ${epoch}/${epochs} ${share}`,
	];
};
