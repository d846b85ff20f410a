import type {ExportedFile} from '../format.js';
import {type Graph, type Node, shapeOf, sizeOf, tensorOf, type ValueId} from '../graph.js';
import {normScaling} from '../norm-scaling.js';
import type {TrainedNet} from '../read-model.js';
import {flattenIntoWindows} from './flatten.js';
import {planMemory} from './memory.js';
import {type OperationName, sourceOf} from './operations.js';
import {filesOf, Source} from './source.js';
import {floatText} from './text.js';

/**
 * Writes a net as a header and a source of C99 that compute in floats.
 *
 * @param name an identifier, with which all names of the header begin
 */
export const writeC = (model: TrainedNet, name: string): ExportedFile[] => {
	const graph = flattenIntoWindows(model.graph);
	const memory = planMemory(graph);
	const source = new Source<OperationName>(memory);
	const [mean = 0, deviation = 1] = [model.normalisation.mean, model.normalisation.deviation].map(Math.fround);
	source.call('load', ['pixels', source.at(0), ...graph.images, floatText(mean), floatText(deviation)], '');
	for (const [place, node] of graph.nodes.entries()) {
		addCalls(source, graph, node, place + 1);
	}

	const answer = source.expression('answer', [source.at(graph.output), model.classes.length, 'logits']);
	return filesOf(model, name, {
		definitions: `${source.tables}\nstatic float workspace[${memory.size}];\n`,
		operations: sourceOf(source.used),
		calls: source.calls,
		answer,
		exactFloats: true,
		memoryBytes: 4 * memory.size,
	});
};

/** Adds the calls that compute a value. */
const addCalls = (source: Source<OperationName>, graph: Graph, node: Node, value: ValueId): void => {
	const {op, inputs, shape, layer} = node;
	const [input = 0, other = 0] = inputs;
	const from = shapeOf(graph, input);
	const [x, y] = [source.at(input), source.at(value)];
	const [, height, width] = shape;
	const table = (key: string, values: Float32Array): string => source.table(key, 'float', [...values].map(floatText));
	const tensor = (name: string): string => table(name, tensorOf(graph, name).values);
	const call = (operation: OperationName, ...values: Array<string | number>): void =>
		source.call(operation, values, layer);
	switch (op.kind) {
		case 'conv': {
			const windows = [op.kernel, op.stride, op.padding, op.dilation, op.groups];
			const tensors = [tensor(op.weight), op.bias === undefined ? 'NULL' : tensor(op.bias)];
			call('conv', x, ...from, y, ...shape, ...tensors, ...windows);
			break;
		}

		case 'batch-norm': {
			const scaling = normScaling(graph, op);
			const tables = (['scale', 'shift'] as const).map(part =>
				table(`${part} of ${op.weight}`, Float32Array.from(scaling[part])),
			);
			call('norm', x, y, ...shape, ...tables);
			break;
		}

		case 'activation': {
			call(op.name.replaceAll('-', '_') as OperationName, x, y, sizeOf(shape));
			break;
		}

		case 'sigmoid': {
			call('sigmoid', x, y, sizeOf(shape));
			break;
		}

		case 'max-pool': {
			call('max_pool', x, ...from, y, height, width, op.kernel, op.stride, op.padding);
			break;
		}

		case 'average-pool': {
			call('average_pool', x, ...from, y, height, width, op.kernel, op.stride, op.padding);
			break;
		}

		case 'global-average-pool': {
			call('average_pool', x, ...from, y, 1, 1, from[1], 1, 0);
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
			call('add', x, source.at(other), y, sizeOf(shape));
			break;
		}

		case 'scale': {
			call('scale', x, source.at(other), y, ...shape);
			break;
		}

		case 'concat': {
			let channel = 0;
			for (const part of inputs) {
				const partShape = shapeOf(graph, part);
				call('join', source.at(part), ...partShape, y, shape[0], channel);
				channel += partShape[0];
			}
		}
	}
};
