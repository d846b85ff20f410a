import {readFileSync} from 'node:fs';
import {decodeMessage, type Message} from '../../format/protobuf.js';
import {kernels} from '../kernels.js';

// Reads an ONNX file and computes what it says, for images one by one. It knows the operators that exports use, and nothing of the
// graph that they were written from.

/** A value of one image, without the batch: its shape, and its numbers. */
type Value = {readonly shape: readonly number[]; readonly values: Float32Array};

type Attributes = ReadonlyMap<string, Message>;

type OnnxNode = {
	readonly operator: string;
	readonly inputs: readonly string[];
	readonly output: string;
	readonly attributes: Attributes;
};

/** A file that was read. */
export type OnnxFile = {
	readonly irVersion: number;
	readonly opset: number;
	readonly metadata: Readonly<Record<string, string>>;
	/** Computes the logits of an image. */
	readonly logits: (pixels: Uint8Array) => Float32Array;
};

/**
 * Reads an ONNX file.
 *
 * @throws {Error} for a file that is no ONNX
 */
export const readOnnx = (file: string): OnnxFile => {
	const model = decodeMessage(readFileSync(file));
	const graph = inner(model, 7);
	const constants = new Map(all(graph, 5).map(tensor => [text(tensor, 8), constant(tensor)] as const));
	const nodes = all(graph, 1).map(node => ({
		operator: text(node, 4),
		inputs: (node.get(1) ?? []).map(String),
		output: text(node, 2),
		attributes: new Map(all(node, 5).map(attribute => [text(attribute, 1), attribute] as const)),
	}));
	const input = inner(graph, 11);
	const [, ...sides] = all(inner(inner(inner(input, 2), 1), 2), 1).map(dimension => integer(dimension, 1));
	const logitsName = text(inner(graph, 12), 1);
	return {
		irVersion: integer(model, 1),
		opset: integer(inner(model, 8), 2),
		metadata: Object.fromEntries(all(model, 14).map(entry => [text(entry, 1), text(entry, 2)])),
		logits(pixels) {
			const values = new Map<string, Value>(constants);
			values.set(text(input, 1), {shape: sides, values: Float32Array.from(pixels)});
			for (const node of nodes) {
				values.set(
					node.output,
					compute(
						node,
						node.inputs.map(name => known(values, name)),
					),
				);
				if (node.output === logitsName) {
					break;
				}
			}

			return known(values, logitsName).values;
		},
	};
};

const known = (values: ReadonlyMap<string, Value>, name: string): Value => {
	const value = values.get(name);
	if (value === undefined) {
		throw new Error(`a node reads ${name}, which no node before it computes`);
	}

	return value;
};

const compute = (node: OnnxNode, inputs: readonly Value[]): Value => {
	const [first = {shape: [], values: new Float32Array()}, ...others] = inputs;
	const [second] = others;
	const {shape, values} = first;
	const of = (values: Float32Array): Value => ({shape, values});
	const [channels = 1, height = 1, width = 1] = shape;
	const from = [channels, height, width] as const;
	switch (node.operator) {
		case 'Cast':
		case 'Identity': {
			return first;
		}

		case 'Add':
		case 'Sub':
		case 'Mul':
		case 'Div': {
			return of(elementwise(node.operator, values, second?.values ?? values));
		}

		case 'Conv': {
			const {shape: weightShape, values: weight} = second as Value;
			const group = attribute(node, 'group', 1);
			const [kernel = 1] = attributes(node, 'kernel_shape');
			const [stride = 1] = attributes(node, 'strides');
			const [padding = 0] = attributes(node, 'pads');
			const [dilation = 1] = attributes(node, 'dilations');
			const to = [weightShape[0] ?? 1, ...sides(from, {kernel, stride, padding, dilation})] as const;
			const bias = others[1]?.values;
			return {
				shape: to,
				values: kernels.conv(values, from, to, weight, bias, kernel, stride, padding, dilation, group),
			};
		}

		case 'BatchNormalization': {
			const [weight, bias, mean, variance] = others.map(({values}) => values) as Float32Array[];
			const epsilon = floatAttribute(node, 'epsilon', 1e-5);
			const scale = (weight as Float32Array).map((weight, i) => weight / Math.sqrt((variance?.[i] ?? 0) + epsilon));
			const exact = (i: number): number =>
				(bias?.[i] ?? 0) - ((mean?.[i] ?? 0) * (weight?.[i] ?? 0)) / Math.sqrt((variance?.[i] ?? 0) + epsilon);
			return of(
				kernels.norm(
					values,
					scale,
					scale.map((_, i) => exact(i)),
				),
			);
		}

		case 'Relu': {
			return of(kernels.relu(values));
		}

		case 'LeakyRelu': {
			return of(kernels.leakyRelu(values));
		}

		case 'Clip': {
			return of(kernels.relu6(values));
		}

		case 'Elu': {
			return of(kernels.elu(values));
		}

		case 'HardSwish': {
			return of(kernels.hardSwish(values));
		}

		case 'HardSigmoid': {
			return of(values.map(x => Math.min(Math.max(x / 6 + 0.5, 0), 1)));
		}

		case 'Sigmoid': {
			return of(kernels.sigmoid(values));
		}

		case 'Gelu': {
			return of(kernels.gelu(values));
		}

		case 'Erf': {
			return of(values.map(erf));
		}

		case 'MaxPool':
		case 'AveragePool': {
			const [kernel = 1] = attributes(node, 'kernel_shape');
			const [stride = 1] = attributes(node, 'strides');
			const [padding = 0] = attributes(node, 'pads');
			const to = [channels, ...sides(from, {kernel, stride, padding, dilation: 1})] as const;
			return {
				shape: to,
				values: kernels.pool(values, from, to, node.operator === 'MaxPool', kernel, stride, padding),
			};
		}

		case 'GlobalAveragePool': {
			const to = [channels, 1, 1] as const;
			return {shape: to, values: kernels.pool(values, from, to, false, height)};
		}

		case 'Reshape': {
			return {shape: Array.from(second?.values ?? []).slice(1), values};
		}

		case 'Flatten': {
			return {shape: [values.length], values};
		}

		case 'Concat': {
			const channels = inputs.reduce((sum, {shape: [own = 0]}) => sum + own, 0);
			return {shape: [channels, height, width], values: kernels.concat(...inputs.map(({values}) => values))};
		}

		default: {
			throw new Error(`the operator ${node.operator} is not known here`);
		}
	}
};

/** The error function by formula 7.1.26 of Abramowitz and Stegun, at most 1.5e-7 off. */
const erf = (x: number): number => {
	const t = 1 / (1 + 0.327_591_1 * Math.abs(x));
	const terms = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
	return Math.sign(x) * (1 - terms.reduce((sum, term) => sum * t + term, 0) * t * Math.exp(-x * x));
};

type Windows = {kernel: number; stride: number; padding: number; dilation: number};

const sides = ([, ...lengths]: readonly number[], {kernel, stride, padding, dilation}: Windows): [number, number] =>
	lengths.map(length => Math.floor((length + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1) as [
		number,
		number,
	];

const operations = {
	Add: (a: number, b: number) => a + b,
	Sub: (a: number, b: number) => a - b,
	Mul: (a: number, b: number) => a * b,
	Div: (a: number, b: number) => a / b,
};

/** Computes two values number by number; the second may be one number, or one a channel. */
const elementwise = (operator: keyof typeof operations, one: Float32Array, other: Float32Array): Float32Array => {
	const each = one.length / other.length;
	return one.map((value, i) => operations[operator](value, other[Math.floor(i / each)] ?? 0));
};

const inner = (message: Message, field: number): Message => {
	const [found] = all(message, field);
	if (found === undefined) {
		throw new Error(`a message lacks its field ${field}`);
	}

	return found;
};

const all = (message: Message, field: number): Message[] =>
	(message.get(field) ?? []).map(bytes => decodeMessage(bytes as Buffer));

const text = (message: Message, field: number): string => String(message.get(field)?.[0] ?? '');

const integer = (message: Message, field: number): number => Number(message.get(field)?.[0] ?? 0);

const attribute = (node: OnnxNode, name: string, otherwise: number): number =>
	attributes(node, name, 3)[0] ?? otherwise;

/** Returns an attribute's integers. */
const attributes = ({attributes}: OnnxNode, name: string, field = 8): number[] =>
	(attributes.get(name)?.get(field) ?? []).map(Number);

const floatAttribute = ({attributes}: OnnxNode, name: string, otherwise: number): number => {
	const [bytes] = attributes.get(name)?.get(2) ?? [];
	return bytes === undefined ? otherwise : (bytes as Buffer).readFloatLE();
};

/** Returns a tensor of float32 or int64, which are numbers here alike. */
const constant = (tensor: Message): Value => {
	const bytes = Buffer.from((tensor.get(9)?.[0] ?? Buffer.alloc(0)) as Buffer); // a copy, which is aligned
	const {buffer, byteOffset, length} = bytes;
	const values =
		integer(tensor, 2) === 7
			? Float32Array.from({length: length / 8}, (_, i) => Number(bytes.readBigInt64LE(8 * i)))
			: new Float32Array(buffer.slice(byteOffset, byteOffset + length));
	return {shape: (tensor.get(1) ?? []).map(Number), values};
};
