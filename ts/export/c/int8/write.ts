import type {ExportedFile} from '../../format.js';
import {type Node, shapeOf, sizeOf, type ValueId} from '../../graph.js';
import type {TrainedNet} from '../../read-model.js';
import {foldNorms} from '../../rewrites.js';
import {flattenIntoWindows} from '../flatten.js';
import {planMemory} from '../memory.js';
import {filesOf, Source} from '../source.js';
import {type OperationName, sourceOf} from './operations.js';
import {
	activationTable,
	fixedPoint,
	type Quantization,
	type QuantizedGraph,
	quantizeConv,
	quantizeNorm,
	quantizeValues,
} from './quantize.js';
import {rangesOf} from './ranges.js';

/** Logits are whole numbers of 1 / 65536. */
const logits: Quantization = {scale: 2 ** -16, zero: 0};

/** Returns a net as it is quantized: norms are folded into convolutions, and flattens into linear layers. */
export const asQuantized = (model: TrainedNet): TrainedNet => ({
	...model,
	graph: flattenIntoWindows(foldNorms(model.graph)),
});

/**
 * Writes a net as a header and a source of C99 that compute in whole numbers: a byte a weight and a value, 32 bits a sum.
 *
 * @param images training images, `[N, channels, size, size]`, by which the ranges of all values are chosen, unless the net was trained for
 * whole numbers
 */
export const writeInt8 = (model: TrainedNet, name: string, images: Uint8Array): ExportedFile[] => {
	const net = asQuantized(model);
	const quantized = quantizeValues(net, rangesOf(net, images));
	const {graph} = quantized;
	const memory = planMemory(graph);
	const source = new Source<OperationName>(memory);
	source.call('load', ['pixels', source.at(0), ...graph.images], '');
	for (const [place, node] of graph.nodes.entries()) {
		addCalls(source, quantized, node, place + 1);
	}

	const answer = source.expression('answer', ['wide', model.classes.length, 'logits']);
	return filesOf(model, name, {
		definitions: `${source.tables}\nstatic int8_t workspace[${memory.size}];\nstatic int32_t wide[${model.classes.length}];\n`,
		operations: sourceOf(source.used),
		calls: source.calls,
		answer,
		exactFloats: false,
		memoryBytes: memory.size + 4 * model.classes.length,
	});
};

/** Adds the calls that compute a value. */
const addCalls = (
	source: Source<OperationName>,
	{graph, quantizations}: QuantizedGraph,
	node: Node,
	value: ValueId,
): void => {
	const {op, inputs, shape, layer} = node;
	const [input = 0, second = 0] = inputs;
	const from = shapeOf(graph, input);
	const [x, y] = [source.at(input), source.at(value)];
	const [, height, width] = shape;
	const quantizationOf = (of: ValueId): Quantization => quantizations[of] ?? logits;
	const zeroOf = (of: ValueId): number => Math.round(quantizationOf(of).zero);
	const isOutput = value === graph.output;
	const own = isOutput && canWiden(node) ? logits : quantizationOf(value);
	/** The memory of the output: that of bytes, and that of 32 bits. */
	const to = isOutput ? ['NULL', 'wide'] : [y, 'NULL'];
	const scaleOf = (of: ValueId): number => quantizationOf(of).scale;
	const factor = (number: number): [number, number] => {
		const {multiplier, shift} = fixedPoint(number);
		return [multiplier, shift];
	};
	const call = (operation: OperationName, ...values: Array<string | number>): void =>
		source.call(operation, values, layer);
	const table = (what: string, type: 'int8_t' | 'uint8_t' | 'int32_t', values: Iterable<number>): string =>
		source.table(what, type, [...values].map(String));
	const average = (kernel: number, stride: number, padding: number): void => {
		const scaling = factor(scaleOf(input) / (own.scale * kernel ** 2));
		call(
			'average_pool',
			x,
			...from,
			...to,
			height,
			width,
			kernel,
			stride,
			padding,
			...scaling,
			zeroOf(input),
			own.zero,
		);
	};
	switch (op.kind) {
		case 'conv': {
			const {weights, biases, factors} = quantizeConv(graph, op, quantizationOf(input), own.scale);
			const tables = [
				table(op.weight, 'int8_t', weights),
				table(`biases of ${op.weight}`, 'int32_t', biases),
				table(
					`factors of ${op.weight}`,
					'int32_t',
					factors.map(({multiplier}) => multiplier),
				),
				table(
					`shifts of ${op.weight}`,
					'uint8_t',
					factors.map(({shift}) => shift),
				),
			];
			const windows = [op.kernel, op.stride, op.padding, op.dilation, op.groups];
			call('conv', x, ...from, ...to, ...shape, ...tables, zeroOf(input), own.zero, ...windows);
			break;
		}

		case 'batch-norm': {
			const {multipliers, offsets, shift} = quantizeNorm(graph, op, quantizationOf(input), own);
			const tables = [
				table(`factors of ${op.weight}`, 'int32_t', multipliers),
				table(`shifts of ${op.weight}`, 'int32_t', offsets),
			];
			call('norm', x, y, ...shape, ...tables, shift, own.zero);
			break;
		}

		case 'activation':
		case 'sigmoid': {
			const outputs = activationTable(op, quantizationOf(input), own);
			call('lookup', x, y, sizeOf(shape), table(op.kind === 'sigmoid' ? op.kind : op.name, 'int8_t', outputs));
			break;
		}

		case 'max-pool': {
			call('max_pool', x, ...from, y, height, width, op.kernel, op.stride, op.padding);
			break;
		}

		case 'average-pool': {
			average(op.kernel, op.stride, op.padding);
			break;
		}

		case 'global-average-pool': {
			average(from[1], 1, 0);
			break;
		}

		case 'flatten': {
			call('flatten', x, ...from, y);
			break;
		}

		case 'dropout': {
			throw new Error('dropouts are removed before'); // `keepsDropouts` is false
		}

		case 'add': {
			const [one, other] = [input, second].map(of => scaleOf(of) / own.scale) as [number, number];
			const {shift} = fixedPoint(Math.max(one, other));
			const [m, otherM] = [one, other].map(number => Math.round(number * 2 ** shift)) as [number, number];
			const values = [m, zeroOf(input), otherM, zeroOf(second), shift, own.zero];
			call('add', x, source.at(second), y, sizeOf(shape), ...values);
			break;
		}

		case 'scale': {
			const scaling = factor((scaleOf(input) * scaleOf(second)) / own.scale);
			call('scale', x, source.at(second), y, ...shape, zeroOf(input), zeroOf(second), ...scaling, own.zero);
			break;
		}

		case 'concat': {
			let channel = 0;
			for (const part of inputs) {
				const partShape = shapeOf(graph, part);
				const scaling = factor(scaleOf(part) / own.scale);
				call('join', source.at(part), ...partShape, y, shape[0], channel, zeroOf(part), ...scaling, own.zero);
				channel += partShape[0];
			}
		}
	}

	if (isOutput && !canWiden(node)) {
		call('widen', y, 'wide', sizeOf(shape), zeroOf(value), ...factor(own.scale / logits.scale));
	}
};

/** Returns whether an operation can write 32 bits, which logits need. */
const canWiden = ({op}: Node): boolean =>
	op.kind === 'conv' || op.kind === 'average-pool' || op.kind === 'global-average-pool';
