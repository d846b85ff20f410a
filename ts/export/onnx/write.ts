import {ConfigError} from '../../errors/index.js';
import {type Field, message} from '../../format/protobuf.js';
import {packageVersion} from '../../platform/package-root.js';
import {aboutOf} from '../about.js';
import {type Graph, type Node, type Op, type Tensor, tensorOf} from '../graph.js';
import type {TrainedNet} from '../read-model.js';

/** Settings of an ONNX file. */
export type OnnxOptions = {
	/** The version of ONNX's operators. */
	readonly opset: number;
	/** Whether a second output has the probabilities of the classes. */
	readonly softmax: boolean;
};

/** Opsets that are written: below 11, the bounds of a Clip are no inputs; 26 is the newest that was checked. */
export const opsets = {from: 11, to: 26, default: 17};

/** Returns the oldest version of the file format that has an opset, but none before 8: by `onnx.helper.VERSION_TABLE`. */
export const irVersionOf = (opset: number): number => {
	const last = [
		[18, 8],
		[20, 9],
		[22, 10],
		[24, 11],
		[25, 12],
	].find(([last = 0]) => opset <= last);
	return last?.[1] ?? 13;
};

/** Names of the inputs and outputs. */
export const names = {images: 'images', logits: 'logits', probabilities: 'probabilities'};

/** Numbers of ONNX's types of elements. */
const elements = {float: 1, uint8: 2, int64: 7};

/**
 * Writes a net as an ONNX file: images `[batch, channels, size, size]` of bytes in, logits `[batch, classes]` out.
 *
 * @throws {ConfigError} for an opset that is not written
 */
export const writeOnnx = (model: TrainedNet, {opset, softmax}: OnnxOptions): Uint8Array => {
	if (!(opset >= opsets.from && opset <= opsets.to)) {
		throw new ConfigError('opset', `a whole number from ${opsets.from} to ${opsets.to}`, String(opset));
	}

	const writer = new Writer(model.graph, opset);
	writer.normalise(model.normalisation);
	for (const [place, node] of model.graph.nodes.entries()) {
		writer.write(place + 1, node);
	}

	const classes = model.classes.length;
	writer.finish(model.graph.output, softmax);
	const outputs = [names.logits, ...(softmax ? [names.probabilities] : [])];
	const graph = message(
		[1, writer.nodes],
		[2, 'stepladder'],
		[5, writer.initializers],
		[11, valueInfo(names.images, elements.uint8, model.graph.images)],
		[12, outputs.map(name => valueInfo(name, elements.float, [classes]))],
	);
	return message(
		[1, irVersionOf(opset)],
		[2, 'stepladder'],
		[3, packageVersion()],
		[7, graph],
		[8, message([1, ''], [2, opset])],
		[14, metadata(model)],
	);
};

/** Every field of the metadata is an entry of its own: texts as they are, all else as JSON. */
const metadata = (model: TrainedNet): Uint8Array[] =>
	Object.entries({...aboutOf(model), input: 'bytes from 0 to 255, [batch, channels, rows, columns]'}).map(
		([key, value]) => message([1, key], [2, typeof value === 'string' ? value : JSON.stringify(value)]),
	);

/** @param shape without the batch, whose size is free */
const valueInfo = (name: string, element: number, shape: readonly number[]): Uint8Array => {
	const dimensions = [message([2, 'batch']), ...shape.map(length => message([1, length]))];
	return message([1, name], [2, message([1, message([1, element], [2, message([1, dimensions])])])]);
};

/** An attribute of a node. */
type Attribute = number | readonly number[] | {readonly float: number};

/** Nodes and tensors as they are written; values are named by the layers that they come from. */
class Writer {
	readonly nodes: Uint8Array[] = [];
	readonly initializers: Uint8Array[] = [];
	/** The name of each value. */
	readonly #values: string[] = [];
	readonly #written = new Set<string>();
	readonly #graph: Graph;
	readonly #opset: number;

	constructor(graph: Graph, opset: number) {
		this.#graph = graph;
		this.#opset = opset;
	}

	/** Writes the normalisation of pixels, as float32 computes it. */
	normalise({mean, deviation}: TrainedNet['normalisation']): void {
		const [byte, shade, centred] = ['images/float', 'images/shade', 'images/centred'] as const;
		this.#node('Cast', [names.images], byte, {to: elements.float});
		this.#node('Div', [byte, this.#scalar('images/255', 255)], shade);
		this.#node('Sub', [shade, this.#scalar('images/mean', mean)], centred);
		this.#node('Div', [centred, this.#scalar('images/deviation', deviation)], 'images/normalised');
		this.#values[0] = 'images/normalised';
	}

	/** Writes a node whose output is a value of the graph. */
	write(value: number, node: Node): void {
		const output = `${node.layer}/${value}/${node.op.kind}`;
		const inputs = node.inputs.map(input => this.#values[input] ?? '');
		this.#values[value] = output;
		this.#operation(node, inputs, output);
	}

	/** Writes the outputs. */
	finish(output: number, softmax: boolean): void {
		this.#node('Flatten', [this.#values[output] ?? ''], names.logits, {axis: 1});
		if (softmax) {
			this.#node('Softmax', [names.logits], names.probabilities, {axis: 1});
		}
	}

	#operation({op, shape}: Node, inputs: string[], output: string): void {
		switch (op.kind) {
			case 'conv': {
				const weight = tensorOf(this.#graph, op.weight);
				const tensors = [
					this.#tensor(op.weight, {...weight, shape: [...weight.shape, 1, 1].slice(0, 4)}), // a linear layer is one of kernel 1
					...(op.bias === undefined ? [] : [this.#tensor(op.bias, tensorOf(this.#graph, op.bias))]),
				];
				const dilations = [op.dilation, op.dilation];
				this.#node('Conv', [...inputs, ...tensors], output, {...windows(op), dilations, group: op.groups});
				return;
			}

			case 'batch-norm': {
				const tensors = [op.weight, op.bias, op.mean, op.variance].map(name =>
					this.#tensor(name, tensorOf(this.#graph, name)),
				);
				this.#node('BatchNormalization', [...inputs, ...tensors], output, {epsilon: {float: op.epsilon}});
				return;
			}

			case 'activation': {
				this.#activation(op.name, inputs[0] ?? '', output);
				return;
			}

			case 'max-pool': {
				this.#node('MaxPool', inputs, output, windows(op));
				return;
			}

			case 'average-pool': {
				this.#node('AveragePool', inputs, output, {...windows(op), count_include_pad: 1});
				return;
			}

			case 'flatten': {
				const sides = this.#tensor64(`${output}/shape`, [0, ...shape]); // 0 leaves the batch as it is
				this.#node('Reshape', [...inputs, sides], output);
				return;
			}

			case 'concat': {
				this.#node('Concat', inputs, output, {axis: 1});
				return;
			}

			default: {
				this.#node(plainOperators[op.kind], inputs, output);
			}
		}
	}

	/** Writes an activation function by the operators that its opset has. */
	#activation(name: string, input: string, output: string): void {
		const inner = (part: string): string => `${output}/${part}`;
		switch (name) {
			case 'relu': {
				this.#node('Relu', [input], output);
				return;
			}

			case 'leaky-relu': {
				this.#node('LeakyRelu', [input], output, {alpha: {float: 0.01}});
				return;
			}

			case 'elu': {
				this.#node('Elu', [input], output);
				return;
			}

			case 'relu6': {
				this.#node('Clip', [input, this.#scalar('0', 0), this.#scalar('6', 6)], output);
				return;
			}

			case 'hard-swish': {
				if (this.#opset >= 14) {
					this.#node('HardSwish', [input], output);
				} else {
					this.#node('HardSigmoid', [input], inner('gate'), {alpha: {float: 1 / 6}, beta: {float: 0.5}});
					this.#node('Mul', [input, inner('gate')], output);
				}

				return;
			}

			case 'silu': {
				this.#node('Sigmoid', [input], inner('gate'));
				this.#node('Mul', [input, inner('gate')], output);
				return;
			}

			case 'gelu': {
				if (this.#opset >= 20) {
					this.#node('Gelu', [input], output);
				} else {
					this.#node('Div', [input, this.#scalar('sqrt(2)', Math.SQRT2)], inner('scaled'));
					this.#node('Erf', [inner('scaled')], inner('erf'));
					this.#node('Add', [inner('erf'), this.#scalar('1', 1)], inner('sum'));
					this.#node('Mul', [input, inner('sum')], inner('product'));
					this.#node('Mul', [inner('product'), this.#scalar('0.5', 0.5)], output);
				}

				return;
			}

			default: {
				throw new ConfigError('format', 'one that can express the model’s activation functions', `onnx, for ${name}`);
			}
		}
	}

	#node(operator: string, inputs: readonly string[], output: string, attributes: Record<string, Attribute> = {}): void {
		const fields = Object.entries(attributes).map(([name, value]) => message([1, name], ...attributeFields(value)));
		this.nodes.push(message([1, inputs], [2, output], [3, output], [4, operator], [5, fields]));
	}

	/** Writes a tensor, unless an earlier node had it already, and returns its name. */
	#tensor(name: string, {shape, values}: Tensor): string {
		const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength); // little-endian, as all platforms here
		return this.#initializer(name, elements.float, shape, bytes);
	}

	#scalar(name: string, value: number): string {
		return this.#tensor(name, {shape: [], values: Float32Array.of(value)});
	}

	#tensor64(name: string, values: readonly number[]): string {
		const bytes = Buffer.from(BigInt64Array.from(values, BigInt).buffer);
		return this.#initializer(name, elements.int64, [values.length], bytes);
	}

	#initializer(name: string, element: number, shape: readonly number[], bytes: Uint8Array): string {
		if (!this.#written.has(name)) {
			this.#written.add(name);
			this.initializers.push(message([1, shape], [2, element], [8, name], [9, bytes]));
		}

		return name;
	}
}

/** Operators without attributes, by the kinds of operations. */
const plainOperators: Readonly<
	Record<
		Exclude<Op['kind'], 'conv' | 'batch-norm' | 'activation' | 'max-pool' | 'average-pool' | 'flatten' | 'concat'>,
		string
	>
> = {
	sigmoid: 'Sigmoid',
	dropout: 'Identity',
	'global-average-pool': 'GlobalAveragePool',
	add: 'Add',
	scale: 'Mul',
};

const windows = ({kernel, stride, padding}: {kernel: number; stride: number; padding: number}) => ({
	kernel_shape: [kernel, kernel],
	strides: [stride, stride],
	pads: [padding, padding, padding, padding],
});

/** Returns the fields of an attribute's value and its type: an integer, integers or a float32. */
const attributeFields = (value: Attribute): Field[] => {
	if (typeof value === 'number') {
		return [
			[3, value],
			[20, 2],
		];
	}

	return 'float' in value
		? [
				[2, value],
				[20, 1],
			]
		: [
				[8, value],
				[20, 7],
			];
};
