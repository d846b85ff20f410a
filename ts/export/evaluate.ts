import {type Graph, type Node, shapeOf, tensorOf, type ValueId} from './graph.js';
import {kernels} from './kernels.js';
import {normScaling} from './norm-scaling.js';
import type {TrainedNet} from './read-model.js';

/** Returns the values that are read in the place of a node's; or of the image's, value 0. */
export type Replace = (value: ValueId, computed: Float32Array) => Float32Array;

/**
 * Computes a net on one image in JavaScript, whose sums are those of `fused` but for double rounding. Dropouts are the identity.
 *
 * @param pixels `[channels, size, size]`, from 0 to 255
 * @param replace is called with each value, `[channels][rows][columns]`, in the order of the nodes
 */
export const evaluate = (
	{graph, normalisation}: Pick<TrainedNet, 'graph' | 'normalisation'>,
	pixels: Uint8Array,
	replace: Replace = (_, computed) => computed,
): Float32Array => {
	const [mean = 0, deviation = 1] = [normalisation.mean, normalisation.deviation].map(Math.fround);
	const image = Float32Array.from(pixels, pixel => Math.fround(Math.fround(pixel / 255) - mean) / deviation);
	const values = [replace(0, image)];
	for (const node of graph.nodes) {
		const inputs = node.inputs.map(input => values[input] ?? new Float32Array());
		values.push(replace(values.length, compute(graph, node, inputs)));
	}

	return values[graph.output] ?? new Float32Array();
};

const compute = (graph: Graph, {op, inputs, shape}: Node, values: Float32Array[]): Float32Array => {
	const [x = new Float32Array(), other = new Float32Array()] = values;
	const from = shapeOf(graph, inputs[0] ?? 0);
	switch (op.kind) {
		case 'conv': {
			const bias = op.bias === undefined ? undefined : tensorOf(graph, op.bias).values;
			const windows = [op.kernel, op.stride, op.padding, op.dilation, op.groups] as const;
			return kernels.conv(x, from, shape, tensorOf(graph, op.weight).values, bias, ...windows);
		}

		case 'batch-norm': {
			const {scale, shift} = normScaling(graph, op);
			return kernels.norm(x, Float32Array.from(scale), Float32Array.from(shift));
		}

		case 'activation': {
			return activate(op.name, x);
		}

		case 'max-pool':
		case 'average-pool': {
			return kernels.pool(x, from, shape, op.kind === 'max-pool', op.kernel, op.stride, op.padding);
		}

		case 'global-average-pool': {
			return kernels.pool(x, from, shape, false, from[1]);
		}

		case 'concat': {
			return kernels.concat(...values);
		}

		case 'flatten':
		case 'dropout': {
			return x;
		}

		case 'sigmoid': {
			return kernels.sigmoid(x);
		}

		default: {
			return kernels[op.kind](x, other);
		}
	}
};

/** Applies an activation function by its name, such as `hard-swish`. */
export const activate = (name: string, values: Float32Array): Float32Array => {
	const kernel = name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
	return kernels[kernel as 'relu'](values);
};
