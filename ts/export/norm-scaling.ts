import {type Graph, type Op, tensorOf} from './graph.js';

/** A norm in evaluation: `scale * x + shift`, each `[channels]`. */
export type NormScaling = {
	readonly scale: Float64Array;
	readonly shift: Float64Array;
};

/** Computes a norm's scale and shift from its running statistics, in double precision. `fused` rounds both to float32. */
export const normScaling = (graph: Graph, norm: Op<'batch-norm'>): NormScaling => {
	const [weight, bias, mean, variance] = [norm.weight, norm.bias, norm.mean, norm.variance].map(
		name => tensorOf(graph, name).values,
	) as [Float32Array, Float32Array, Float32Array, Float32Array];
	const inverse = Float64Array.from(variance, value => 1 / Math.sqrt(value + norm.epsilon));
	const at = (list: Float32Array | Float64Array, channel: number): number => list[channel] ?? 0;
	return {
		scale: inverse.map((value, channel) => at(weight, channel) * value),
		shift: inverse.map((value, channel) => at(bias, channel) - at(mean, channel) * at(weight, channel) * value),
	};
};
