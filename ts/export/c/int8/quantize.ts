import {ConfigError} from '../../../errors/index.js';
import {activate} from '../../evaluate.js';
import {type Graph, type Node, type Op, type Range, readersOf, tensorOf, withoutNodes} from '../../graph.js';
import {kernels} from '../../kernels.js';
import {normScaling} from '../../norm-scaling.js';
import type {TrainedNet} from '../../read-model.js';

/** The numbers of a value: `scale * (q - zero)` with whole numbers q from -128 to 127. */
export type Quantization = {
	readonly scale: number;
	/** A whole number, except for the images: their zero is the mean of all pixels. */
	readonly zero: number;
};

/** A factor as `multiplier / 2^shift`, the multiplier a whole number below 2^31. */
export type FixedPoint = {readonly multiplier: number; readonly shift: number};

/** A graph whose values are whole numbers. */
export type QuantizedGraph = {
	/** Without activations that the limits of a range have the effect of. */
	readonly graph: Graph;
	/** By value. */
	readonly quantizations: readonly Quantization[];
};

/** Operations that compute 32-bit numbers, which are then brought to the range of their output. */
const narrowing: ReadonlySet<Op['kind']> = new Set([
	...(['conv', 'batch-norm', 'add', 'scale', 'average-pool', 'global-average-pool'] as const),
]);

/**
 * Quantizes the values of a net by their ranges.
 *
 * A ReLU or ReLU6 behind an operation that only it reads is left out: numbers beyond the range of its output become the nearest in it.
 */
export const quantizeValues = ({graph, normalisation}: TrainedNet, ranges: readonly Range[]): QuantizedGraph => {
	const follower = graph.nodes.map((node, place) => {
		const [reader, ...others] = readersOf(graph, place + 1);
		const isAlone = others.length === 0 && ![place + 1, (reader ?? place) + 1].includes(graph.output);
		const {op} = (reader === undefined ? undefined : graph.nodes[reader]) ?? node;
		const isLimit = op.kind === 'activation' && (op.name === 'relu' || op.name === 'relu6');
		return isAlone && isLimit && narrowing.has(node.op.kind) ? reader : undefined; // the output has 32 bits, and no range
	});
	const left = new Set(follower.filter(place => place !== undefined));
	const kept = [...graph.nodes.keys()].filter(place => !left.has(place));
	const rangeOf = (place: number): Range => ranges[(follower[place] ?? place) + 1] ?? {low: 0, high: 0};
	const limited = withoutNodes(graph, left);
	const quantizations: Quantization[] = [
		{scale: 1 / (255 * normalisation.deviation), zero: 255 * normalisation.mean - 128},
	];
	for (const [index, place] of kept.entries()) {
		const {op, inputs} = limited.nodes[index] as Node;
		const same = op.kind === 'max-pool' || op.kind === 'flatten' ? quantizations[inputs[0] ?? 0] : undefined;
		quantizations.push(same ?? quantizationOf(rangeOf(place)));
	}

	return {graph: limited, quantizations};
};

/** Returns the quantization of a range that has 0 in it: both of its limits are represented, and so is 0. */
const quantizationOf = ({low, high}: Range): Quantization => {
	const scale = high > low ? (high - low) / 255 : 1;
	return {scale, zero: Math.round(-128 - low / scale)};
};

/** The most that the sum of a convolution may be: its terms are added in 32 bits. */
const largestSum = 2 ** 31 - 1;

/** A convolution's weights and biases as whole numbers, and the factors that bring its sums to the output's numbers. */
export type QuantizedConv = {
	/** `[out][in / groups][kernel][kernel]`, from -127 to 127. */
	readonly weights: Int8Array;
	/** `[out]`; what the input's zero would add is subtracted. */
	readonly biases: Int32Array;
	/** `[out]`. */
	readonly factors: readonly FixedPoint[];
	/** The number that each weight of a channel is a multiple of, `[out]`. */
	readonly scales: readonly number[];
};

/**
 * Quantizes a convolution, each output channel by a scale of its own.
 *
 * @param outScale the scale of its output
 * @throws {ConfigError} for one whose sums need more than 32 bits
 */
export const quantizeConv = (graph: Graph, op: Op<'conv'>, input: Quantization, outScale: number): QuantizedConv => {
	const {shape, values} = tensorOf(graph, op.weight);
	const [channels = 1] = shape;
	const taps = values.length / channels;
	const biases = op.bias === undefined ? undefined : tensorOf(graph, op.bias).values;
	const [weights, sums] = [new Int8Array(values.length), new Int32Array(channels)];
	const scales: number[] = [];
	for (let channel = 0; channel < channels; channel += 1) {
		const bias = biases?.[channel] ?? 0;
		const own = values.subarray(channel * taps, (channel + 1) * taps);
		const scale = weightScale(own, Math.abs(bias) / input.scale);
		const quantized = own.map(weight => Math.round(weight / scale));
		weights.set(quantized, channel * taps);
		const start = Math.round(
			bias / (scale * input.scale) - input.zero * quantized.reduce((sum, weight) => sum + weight, 0),
		);
		const most = Math.abs(start) + 128 * quantized.reduce((sum, weight) => sum + Math.abs(weight), 0);
		if (most > largestSum) {
			const expected = 'left out for this net: the sums of each layer must fit 32 bits';
			throw new ConfigError('int8', expected, `${taps} inputs of one output in \`${op.weight}\``);
		}

		sums[channel] = start;
		scales.push(scale);
	}

	const factors = scales.map(scale => fixedPoint((scale * input.scale) / outScale));
	return {weights, biases: sums, factors, scales};
};

/** Returns the scale of weights, so large that the bias is at most 2^30 of it. */
const weightScale = (weights: Float32Array, bias: number): number => {
	const largest = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
	return Math.max(largest / 127, bias / 2 ** 30) || 1;
};

/** Returns a positive factor as a multiplier of 31 bits and a shift; one below 2^-32 becomes 0. */
export const fixedPoint = (factor: number): FixedPoint => {
	const shift = 30 - Math.floor(Math.log2(factor));
	const multiplier = Math.round(factor * 2 ** shift);
	if (!(shift <= 62)) {
		return {multiplier: 0, shift: 1};
	}

	return multiplier < 2 ** 31 ? {multiplier, shift} : {multiplier: 2 ** 30, shift: shift - 1};
};

/** A norm as whole numbers, `(q * multiplier + offset) / 2^shift`, each `[channels]`. */
export type QuantizedNorm = {
	readonly multipliers: Int32Array;
	readonly offsets: Int32Array;
	readonly shift: number;
};

/** Quantizes a norm that could not be folded into a convolution. */
export const quantizeNorm = (
	graph: Graph,
	op: Op<'batch-norm'>,
	input: Quantization,
	output: Quantization,
): QuantizedNorm => {
	const {scale, shift: added} = normScaling(graph, op);
	const factors = [...scale].map(factor => (factor * input.scale) / output.scale);
	const offsets = [...added].map((value, channel) => value / output.scale - input.zero * (factors[channel] ?? 0));
	const largest = [...factors, ...offsets].reduce((most, value) => Math.max(most, Math.abs(value)), 2 ** -30);
	const shift = Math.min(30, Math.max(1, 29 - Math.floor(Math.log2(largest))));
	const whole = (values: readonly number[]): Int32Array =>
		Int32Array.from(values, value => Math.round(value * 2 ** shift));
	return {multipliers: whole(factors), offsets: whole(offsets), shift};
};

/** Returns the output of an activation for each whole number from -128 to 127. */
export const activationTable = (
	op: Op<'activation'> | Op<'sigmoid'>,
	input: Quantization,
	output: Quantization,
): Int8Array => {
	const values = Float32Array.from({length: 256}, (_, index) => input.scale * (index - 128 - input.zero));
	const computed = op.kind === 'sigmoid' ? kernels.sigmoid(values) : activate(op.name, values);
	return Int8Array.from(computed, value => quantized(value, output));
};

/** Returns a number as a whole one from -128 to 127. */
export const quantized = (value: number, {scale, zero}: Quantization): number =>
	Math.min(127, Math.max(-128, Math.round(value / scale + zero)));
