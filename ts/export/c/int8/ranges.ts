import {evaluate} from '../../evaluate.js';
import {type Range, sizeOf} from '../../graph.js';
import type {TrainedNet} from '../../read-model.js';

/** Numbers of other images lie somewhat beyond those seen: limiting them costs more than a coarser step does. */
const margin = 1.3;

/** Returns whether a net was trained for whole numbers: its file has the ranges of its values. */
export const isTrainedForInt8 = ({graph}: TrainedNet): boolean => graph.nodes.some(({range}) => range !== undefined);

/**
 * Returns the range of each value of a net: that of its training for whole numbers, or else that over images
 * `[N, channels, size, size]`, with a margin.
 */
export const rangesOf = (model: TrainedNet, images: Uint8Array): Range[] =>
	isTrainedForInt8(model)
		? [{low: 0, high: 0}, ...model.graph.nodes.map(({range}) => range ?? {low: 0, high: 0})]
		: rangesOver(model, images);

const rangesOver = (model: TrainedNet, images: Uint8Array): Range[] => {
	const ranges = Array.from({length: model.graph.nodes.length + 1}, () => ({low: 0, high: 0}));
	const length = sizeOf(model.graph.images);
	for (let start = 0; start < images.length; start += length) {
		evaluate(model, images.subarray(start, start + length), (value, computed) => {
			const range = ranges[value] as {low: number; high: number};
			for (const number of computed) {
				range.low = Math.min(range.low, number);
				range.high = Math.max(range.high, number);
			}

			return computed;
		});
	}

	return ranges.map(({low, high}) => ({low: margin * low, high: margin * high}));
};
