import {type Graph, lastReaders, type Node, shapeOf, sizeOf, type ValueId} from '../graph.js';

/** Where values lie in the workspace of an exported net, in numbers. */
export type Memory = {
	/** The place of each value's first number. */
	readonly starts: readonly number[];
	/** Numbers in all. */
	readonly size: number;
};

/** A value in memory. */
type Place = {readonly value: ValueId; readonly start: number; readonly end: number};

/**
 * Places the values of a graph. They lie `[rows][channels][columns]` and are computed row by row, so that an output may be written
 * over an input that is not needed afterwards: it begins so far below it that each row ends before the first row that is still read.
 *
 * Values are placed one after another, each where the workspace grows least.
 */
export const planMemory = (graph: Graph): Memory => {
	const lasts = lastReaders(graph);
	const size = (value: ValueId): number => sizeOf(shapeOf(graph, value));
	const starts = [0];
	let [low, high] = [0, size(0)];
	let live: Place[] = [{value: 0, start: 0, end: high}];
	for (const [place, node] of graph.nodes.entries()) {
		live = live.filter(({value}) => (lasts[value] ?? 0) >= place);
		const length = size(place + 1);
		const highestOver = (other: Place): number | undefined =>
			lasts[other.value] === place ? highestStart(graph, node, other) : undefined;
		const fits = (start: number): boolean =>
			live.every(other => {
				const isBeside = start >= other.end || start + length <= other.start;
				return isBeside || start <= (highestOver(other) ?? Number.NEGATIVE_INFINITY);
			});
		const growth = (start: number): number => Math.max(high, start + length) - Math.min(low, start);
		const candidates = [
			...live.flatMap(other => highestOver(other) ?? []),
			...live.flatMap(({start, end}) => [end, start - length]),
			...[low, high - length],
		].filter(fits);
		const start = candidates.reduce((best, other) => (growth(other) < growth(best) ? other : best));
		starts.push(start);
		live.push({value: place + 1, start, end: start + length});
		[low, high] = [Math.min(low, start), Math.max(high, start + length)];
	}

	return {starts: starts.map(start => start - low), size: high - low};
};

/** Returns the highest start of a node's output over one of its inputs; `undefined` if the two must not overlap. */
const highestStart = (graph: Graph, node: Node, {value, start}: Place): number | undefined => {
	const {op, inputs, shape} = node;
	const [channels, height, width] = shapeOf(graph, value);
	const outRow = shape[0] * shape[2];
	switch (op.kind) {
		case 'conv':
		case 'max-pool':
		case 'average-pool': {
			const distances = Array.from({length: shape[1]}, (_, row) => {
				const first = Math.min(Math.max(row * op.stride - op.padding, 0), height);
				return (row + 1) * outRow - first * channels * width;
			});
			return start - Math.max(...distances);
		}

		case 'global-average-pool': {
			return start - outRow;
		}

		case 'batch-norm':
		case 'activation':
		case 'sigmoid':
		case 'dropout':
		case 'add': {
			return start;
		}

		case 'scale': {
			return inputs[1] === value ? undefined : start;
		}

		default: {
			return undefined;
		}
	}
};
