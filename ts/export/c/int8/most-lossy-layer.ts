import {evaluate} from '../../evaluate.js';
import {sizeOf, tensorOf} from '../../graph.js';
import type {TrainedNet} from '../../read-model.js';
import {type Quantization, quantizeConv, quantized, quantizeValues} from './quantize.js';
import {rangesOf} from './ranges.js';
import {asQuantized} from './write.js';

/** Images by which layers are compared: each needs an evaluation of the net. */
const count = 32;

/**
 * Returns the path of the layer whose rounding alone changes the logits most, over some images; that of its weights, and of its
 * output.
 *
 * @param images `[N, channels, size, size]`, of training, by which the net is quantized
 */
export const mostLossyLayer = (model: TrainedNet, images: Uint8Array): string => {
	const net = asQuantized(model);
	const {graph, quantizations} = quantizeValues(net, rangesOf(net, images));
	const length = sizeOf(graph.images);
	const some = Array.from({length: Math.min(count, images.length / length)}, (_, index) =>
		images.subarray(index * length, (index + 1) * length),
	);
	const floats = {graph, normalisation: model.normalisation};
	// Without the activations that limits of ranges replace, so that each output is limited in both.
	const limitedBy = (rounded: number | undefined) => (value: number, computed: Float32Array) => {
		const {scale, zero} = quantizations[value] as Quantization;
		const [low, high] = [scale * (-128 - zero), scale * (127 - zero)];
		return value === rounded
			? computed.map(number => scale * (quantized(number, {scale, zero}) - zero))
			: computed.map(number => Math.min(high, Math.max(low, number)));
	};
	const exact = some.map(image => evaluate(floats, image, limitedBy(undefined)));
	const losses = graph.nodes.map(({op, inputs}, place) => {
		const tensors = new Map(graph.tensors);
		if (op.kind === 'conv') {
			const {shape, values} = tensorOf(graph, op.weight);
			const {weights, scales} = quantizeConv(graph, op, quantizations[inputs[0] ?? 0] as Quantization, 1);
			const taps = values.length / scales.length;
			const rounded = Float32Array.from(weights, (weight, index) => weight * (scales[Math.floor(index / taps)] ?? 0));
			tensors.set(op.weight, {shape, values: rounded});
		}

		const value = place + 1 === graph.output ? undefined : place + 1; // the output has 32 bits
		return some.reduce((sum, image, index) => {
			const logits = evaluate({...floats, graph: {...graph, tensors}}, image, limitedBy(value));
			return sum + logits.reduce((distance, logit, label) => distance + (logit - (exact[index]?.[label] ?? 0)) ** 2, 0);
		}, 0);
	});
	return graph.nodes[losses.indexOf(Math.max(...losses))]?.layer ?? '';
};
