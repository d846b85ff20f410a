import type {GraphNode, GraphOp, ModelContents} from '../native/binding.js';

/** The operations of a graph, by their kinds. */
export type Op<Kind extends GraphOp['kind'] = GraphOp['kind']> = Extract<GraphOp, {kind: Kind}>;

/** Channels, height and width of one image's values. */
export type Shape = readonly [channels: number, height: number, width: number];

/** The number of a value: 0 for the images, n for the output of node n - 1. */
export type ValueId = number;

/** An operation on values. */
export type Node = {
	/** Path of the layer that it belongs to, such as `body.0`. */
	readonly layer: string;
	readonly op: Op;
	/** The values that it reads, all of them of earlier nodes. */
	readonly inputs: readonly ValueId[];
	/** The shape of its output. */
	readonly shape: Shape;
	/** The range by which its output was rounded to a byte in training; `undefined` if it was not. */
	readonly range: Range | undefined;
};

/** The smallest and the largest number of a value, with 0 between them. */
export type Range = {readonly low: number; readonly high: number};

/** A named tensor, the last axis the fastest. */
export type Tensor = {
	readonly shape: readonly number[];
	readonly values: Float32Array;
};

/**
 * The computation of a trained net in evaluation: operations in topological order, each of whose outputs is one value that never
 * changes. Immutable: a rewrite returns another one.
 */
export type Graph = {
	/** The shape of an image. */
	readonly images: Shape;
	readonly nodes: readonly Node[];
	/** The value that the net computes: a logit a class, `[classes, 1, 1]`. */
	readonly output: ValueId;
	/** By name, as in the model file; in the order of the net. */
	readonly tensors: ReadonlyMap<string, Tensor>;
};

/** Makes a graph of a model file's contents. */
export const graphOf = ({images, nodes, output, tensors}: ModelContents): Graph => ({
	images: asShape(images),
	nodes: nodes.map((node: GraphNode) => ({...node, shape: asShape(node.shape), range: asRange(node.range)})),
	output,
	tensors: new Map(tensors.map(({name, ...tensor}) => [name, tensor])),
});

const asShape = ([channels = 1, height = 1, width = 1]: readonly number[]): Shape => [channels, height, width];

const asRange = ([low, high]: readonly number[] = []): Range | undefined =>
	low === undefined || high === undefined ? undefined : {low, high};

/** Returns the shape of a value. */
export const shapeOf = ({images, nodes}: Graph, value: ValueId): Shape => nodes[value - 1]?.shape ?? images;

/** Returns the number of values of a shape. */
export const sizeOf = ([channels, height, width]: Shape): number => channels * height * width;

/** Returns a tensor that a node names. */
export const tensorOf = ({tensors}: Graph, name: string): Tensor => {
	const tensor = tensors.get(name);
	if (tensor === undefined) {
		throw new Error(`the graph has no tensor ${name}`); // the trainer names its own tensors
	}

	return tensor;
};

/** Returns the nodes that read a value, by their places. */
export const readersOf = ({nodes}: Graph, value: ValueId): number[] =>
	nodes.flatMap(({inputs}, place) => (inputs.includes(value) ? [place] : []));

/**
 * Returns the place of the last node that reads each value: behind all nodes for the output, -1 for a value that none reads. Once
 * it has run, the value's memory is free.
 */
export const lastReaders = (graph: Graph): number[] => {
	const last = Array.from({length: graph.nodes.length + 1}, () => -1);
	for (const [place, {inputs}] of graph.nodes.entries()) {
		for (const input of inputs) {
			last[input] = place;
		}
	}

	last[graph.output] = graph.nodes.length;
	return last;
};

/** Removes nodes whose output is that of their only input, by their places. */
export const withoutNodes = (graph: Graph, removed: ReadonlySet<number>): Graph => {
	const renamed: ValueId[] = [0];
	const nodes: Node[] = [];
	for (const [place, node] of graph.nodes.entries()) {
		const inputs = node.inputs.map(input => renamed[input] ?? 0);
		if (removed.has(place)) {
			renamed.push(inputs[0] ?? 0);
		} else {
			nodes.push({...node, inputs});
			renamed.push(nodes.length);
		}
	}

	return {...graph, nodes, output: renamed[graph.output] ?? 0};
};
