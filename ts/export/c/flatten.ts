import {type Graph, type Node, type Op, readersOf, type Shape, shapeOf, withoutNodes} from '../graph.js';

/**
 * Removes flattens: a linear layer behind one becomes a convolution whose window is the whole image, with the same weights in the
 * same order. Others stay where an image has more than one pixel.
 */
export const flattenIntoWindows = (graph: Graph): Graph => {
	const removed = new Set(
		[...graph.nodes.keys()].filter(place => {
			const {op, inputs} = graph.nodes[place] as Node;
			const [, height] = shapeOf(graph, inputs[0] ?? 0);
			const readers = readersOf(graph, place + 1);
			const areLinear = readers.every(reader => isLinear(graph.nodes[reader]?.op));
			return op.kind === 'flatten' && (height === 1 || (areLinear && graph.output !== place + 1));
		}),
	);
	const nodes = graph.nodes.map((node): Node => {
		const [input = 0] = node.inputs;
		if (node.op.kind !== 'conv' || !removed.has(input - 1)) {
			return node;
		}

		const [, height]: Shape = shapeOf(graph, graph.nodes[input - 1]?.inputs[0] ?? 0);
		return {...node, op: {...node.op, kernel: height}};
	});
	return withoutNodes({...graph, nodes}, removed);
};

const isLinear = (op: Op | undefined): boolean =>
	op?.kind === 'conv' && op.kernel === 1 && op.padding === 0 && op.groups === 1;
