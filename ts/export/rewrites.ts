import type {Format} from './format.js';
import {type Graph, type Node, type Op, readersOf, type Tensor, tensorOf, withoutNodes} from './graph.js';
import {normScaling} from './norm-scaling.js';
import type {TrainedNet} from './read-model.js';

/** Returns a net with the graph that a format writes. */
export const asWritten = (
	net: TrainedNet,
	{keepsDropouts}: Pick<Format, 'keepsDropouts'>,
	fold: boolean,
): TrainedNet => {
	const graph = keepsDropouts ? net.graph : dropDropouts(net.graph);
	return {...net, graph: fold ? foldNorms(graph) : withUsedTensors(graph)};
};

/** Removes dropouts, which are the identity in evaluation. */
export const dropDropouts = (graph: Graph): Graph =>
	withoutNodes(graph, new Set([...graph.nodes.keys()].filter(place => graph.nodes[place]?.op.kind === 'dropout')));

/**
 * Folds each norm into the convolution before it, where nothing else reads that convolution: its weights are scaled, and it gets a
 * bias. Computed in double precision and rounded once; logits differ by rounding from those of the graph before.
 *
 * The range of the norm's output becomes that of the convolution's.
 *
 * Layers that are repeated share their weights. Theirs are folded where the same norm follows every time.
 */
export const foldNorms = (graph: Graph): Graph => {
	const pairs = graph.nodes.flatMap(({op}, place) => {
		const norm = op.kind === 'conv' ? normBehind(graph, place) : undefined;
		return op.kind === 'conv' ? [{conv: op, place, norm}] : [];
	});
	const normOf = (place: number): Op<'batch-norm'> | undefined =>
		graph.nodes[place]?.op as Op<'batch-norm'> | undefined;
	const tensors = new Map(graph.tensors);
	const folded = new Map<number, Pick<Node, 'op' | 'range'>>();
	const removed = new Set<number>();
	for (const {conv, place, norm} of pairs) {
		const sharing = pairs.filter(other => other.conv.weight === conv.weight);
		const name = norm === undefined ? undefined : normOf(norm)?.weight;
		if (norm === undefined || sharing.some(other => other.norm === undefined || normOf(other.norm)?.weight !== name)) {
			continue;
		}

		const {weight, bias} = scaled(graph, conv, normOf(norm) as Op<'batch-norm'>);
		const biasName = conv.bias ?? conv.weight.replace(/weight$/, 'bias');
		tensors.set(conv.weight, weight).set(biasName, bias);
		folded.set(place, {op: {...conv, bias: biasName}, range: graph.nodes[norm]?.range});
		removed.add(norm);
	}

	const nodes = graph.nodes.map((node, place) => ({...node, ...folded.get(place)}));
	return withUsedTensors(withoutNodes({...graph, nodes, tensors}, removed));
};

/** Returns the place of the norm that alone reads a node. */
const normBehind = (graph: Graph, place: number): number | undefined => {
	const [reader, ...others] = readersOf(graph, place + 1);
	const isAlone = reader !== undefined && others.length === 0 && graph.output !== place + 1;
	return isAlone && graph.nodes[reader]?.op.kind === 'batch-norm' ? reader : undefined;
};

const scaled = (graph: Graph, conv: Op<'conv'>, norm: Op<'batch-norm'>): {weight: Tensor; bias: Tensor} => {
	const {scale, shift} = normScaling(graph, norm);
	const {shape, values} = tensorOf(graph, conv.weight);
	const taps = values.length / scale.length;
	const before = conv.bias === undefined ? undefined : tensorOf(graph, conv.bias).values;
	return {
		weight: {shape, values: values.map((value, index) => value * (scale[Math.floor(index / taps)] ?? 0))},
		bias: {
			shape: [scale.length],
			values: Float32Array.from(shift, (value, channel) => value + (before?.[channel] ?? 0) * (scale[channel] ?? 0)),
		},
	};
};

/** Leaves out tensors that no node names. */
const withUsedTensors = (graph: Graph): Graph => {
	const used = new Set(graph.nodes.flatMap(({op}) => tensorNames(op)));
	return {...graph, tensors: new Map([...graph.tensors].filter(([name]) => used.has(name)))};
};

/** Returns the names of the tensors that an operation reads. */
export const tensorNames = (op: Op): string[] => {
	switch (op.kind) {
		case 'conv': {
			return [op.weight, ...(op.bias === undefined ? [] : [op.bias])];
		}

		case 'batch-norm': {
			return [op.weight, op.bias, op.mean, op.variance];
		}

		default: {
			return [];
		}
	}
};
