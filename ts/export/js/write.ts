import {ConfigError} from '../../errors/index.js';
import {aboutOf} from '../about.js';
import type {ExportedFile} from '../format.js';
import {type Graph, type Node, type Op, readersOf, shapeOf, sizeOf, tensorOf} from '../graph.js';
import {kernels} from '../kernels.js';
import {normScaling} from '../norm-scaling.js';
import type {TrainedNet} from '../read-model.js';
import {preparation} from './prepare.js';
import {mathNames, squeezed} from './squeeze.js';

/** The most numbers that a module holds: a text of base64 has at most 2^29 characters in V8. */
const mostNumbers = 2 ** 26;

/**
 * Writes a net as an ES module, and as a script for pages that are opened from a file, where browsers load no modules.
 *
 * @param name an identifier, by which the script is known in a page
 * @throws {ConfigError} for a net that is too large
 */
export const writeModule = (model: TrainedNet, name: string): ExportedFile[] => {
	const {header, body} = moduleOf(model);
	const exported = ['classes', 'logits', 'predict'];
	const script = `${header}var ${name} = (() => {\n${body}return {${exported.join(', ')}};\n})();\n`;
	const pattern = new RegExp(`^const (${exported.join('|')}) ?=`, 'gm');
	return [
		{name: `${name}.js`, content: header + body.replace(pattern, 'export const $1=')},
		{name: `${name}.script.js`, content: script},
	];
};

/** The names of activation functions, and the functions that compute them. */
const activations: Readonly<Record<string, keyof typeof kernels>> = {
	relu: 'relu',
	'leaky-relu': 'leakyRelu',
	elu: 'elu',
	relu6: 'relu6',
	'hard-swish': 'hardSwish',
	silu: 'silu',
	gelu: 'gelu',
};

const moduleOf = (model: TrainedNet): {header: string; body: string} => {
	const {graph, normalisation} = model;
	const {producer, classes, size, channels, fit, background, form} = aboutOf(model);
	const lines = new Lines(graph);
	const computed = lines.statements();
	const isDigit = form === 'mnist-digits' && size === 28 && channels === 1;
	const prepared = isDigit ? 'toDigit(data)' : `toSquare(data, ${size}, ${channels}, '${fit}', [${background}])`;
	const tools = isDigit
		? (['dataOf', 'resize', 'toDigit'] as const)
		: (['dataOf', 'planes', 'resize', 'toSquare'] as const);
	const [mean, deviation] = [normalisation.mean, normalisation.deviation].map(Math.fround);
	const functions = [
		...lines.used().map(name => `const ${name} = ${kernels[name]};`),
		...tools.map(name => `const ${name} = ${preparation[name]};`),
		`const w = (i, n) => numbers.subarray(i, i + n);`,
		`const logits = pixels => {
			const v0 = Float32Array.from(pixels, x => Math.fround(Math.fround(x / 255) - ${mean}) / ${deviation});
			${computed}
		};`,
		`const predict = image => {
			const data = ArrayBuffer.isView(image) ? 0 : dataOf(image);
			const pixels = data ? ${prepared} : image;
			if (pixels.length !== ${sizeOf(graph.images)}) throw new TypeError(problem + pixels.length);
			const values = [...logits(pixels)];
			const most = Math.max(...values);
			const label = values.indexOf(most);
			const e = values.map(x => Math.exp(x - most));
			const sum = e.reduce((a, b) => a + b);
			return {label, name: classes[label], probabilities: e.map(x => x / sum), logits: values};
		};`,
	];
	const base64 = Buffer.from(lines.numbers().buffer).toString('base64');
	return {
		header: `// Exported by ${producer}: see README.md.\n`,
		body: [
			`const classes = ${JSON.stringify(classes).replaceAll('<', '\\u003c')};`, // which may be within a page
			mathNames(functions.join('')),
			`const numbers=new Float32Array(Uint8Array.from(atob('${base64}'),c=>c.charCodeAt(0)).buffer);`,
			`const problem='expected ${sizeOf(graph.images)} bytes, got ';`,
			...functions.map(squeezed),
			'',
		].join('\n'),
	};
};

/** Operations that are written around the expression of their input, where nothing else reads that. */
const wrapping: ReadonlySet<Op['kind']> = new Set(['batch-norm', 'activation', 'flatten', 'dropout']);

/** The calls of kernels, and the numbers that they read. */
class Lines {
	readonly #graph: Graph;
	/** The expression that computes each value. */
	readonly #expressions: string[] = ['v0'];
	readonly #used = new Set<keyof typeof kernels>();
	readonly #lists: Float32Array[] = [];
	/** Where the numbers of each tensor begin. */
	readonly #starts = new Map<string, number>();
	#count = 0;

	constructor(graph: Graph) {
		this.#graph = graph;
	}

	/** Returns the statements that compute the output from `v0`, a line for each value that is more than a step of a block. */
	statements(): string {
		const lines = this.#graph.nodes.flatMap((node, place) => {
			const value = place + 1;
			const expression = this.#expression(node);
			const [reader, ...others] = readersOf(this.#graph, value);
			const next = reader === undefined ? undefined : this.#graph.nodes[reader]?.op.kind;
			const isWrapped = next !== undefined && others.length === 0 && wrapping.has(next) && value !== this.#graph.output;
			this.#expressions.push(isWrapped ? expression : `v${value}`);
			return isWrapped ? [] : [`const v${value} = ${expression};`];
		});
		return [...lines, `return v${this.#graph.output};`].join('\n');
	}

	/** Returns the kernels that calls name. */
	used(): Array<keyof typeof kernels> {
		return [...this.#used];
	}

	/** Returns the numbers of all tensors. */
	numbers(): Float32Array {
		if (this.#count > mostNumbers) {
			const got = `one of ${this.#count.toLocaleString('en')}`;
			throw new ConfigError('format', `for js, a net of at most ${mostNumbers.toLocaleString('en')} numbers`, got);
		}

		const all = new Float32Array(this.#count);
		let at = 0;
		for (const list of this.#lists) {
			all.set(list, at);
			at += list.length;
		}

		return all;
	}

	#expression(node: Node): string {
		const values = node.inputs.map(input => this.#expressions[input] ?? '');
		const [from, to] = [shapeOf(this.#graph, node.inputs[0] ?? 0), node.shape].map(shape => `[${shape.join()}]`);
		const {op} = node;
		switch (op.kind) {
			case 'conv': {
				const bias = op.bias === undefined ? '0' : this.#tensor(op.bias);
				const windows = withoutDefaults([op.kernel, op.stride, op.padding, op.dilation, op.groups], [0, 1, 0, 1, 1]);
				return this.#call('conv', [...values, from, to, this.#tensor(op.weight), bias, ...windows]);
			}

			case 'batch-norm': {
				const scaling = normScaling(this.#graph, op);
				const lists = (['scale', 'shift'] as const).map(part =>
					this.#list(`${op.weight} ${part}`, Float32Array.from(scaling[part])),
				);
				return this.#call('norm', [...values, ...lists]);
			}

			case 'activation': {
				return this.#call(activations[op.name] as keyof typeof kernels, values);
			}

			case 'max-pool':
			case 'average-pool': {
				const windows = withoutDefaults([op.kernel, op.stride, op.padding], [0, op.kernel, 0]);
				return this.#call('pool', [...values, from, to, op.kind === 'max-pool' ? '1' : '0', ...windows]);
			}

			case 'global-average-pool': {
				const [, height] = shapeOf(this.#graph, node.inputs[0] ?? 0);
				return this.#call('pool', [...values, from, to, '0', String(height)]);
			}

			case 'flatten':
			case 'dropout': {
				return values[0] ?? ''; // the order in memory is the same
			}

			default: {
				return this.#call(op.kind, values);
			}
		}
	}

	#call(name: keyof typeof kernels, values: ReadonlyArray<string | undefined>): string {
		this.#used.add(name);
		return `${name}(${values.join(', ')})`;
	}

	#tensor(name: string): string {
		return this.#list(name, tensorOf(this.#graph, name).values);
	}

	/** Adds numbers, unless they were added under this name, and returns the expression that reads them. */
	#list(name: string, values: Float32Array): string {
		const start = this.#starts.get(name) ?? this.#count;
		if (start === this.#count && values.length > 0) {
			this.#starts.set(name, start);
			this.#lists.push(values);
			this.#count += values.length;
		}

		return `w(${start}, ${values.length})`;
	}
}

/** Returns arguments without those at the end that a function has by itself. */
const withoutDefaults = (values: readonly number[], defaults: readonly number[]): string[] => {
	const last = values.findLastIndex((value, index) => value !== defaults[index]);
	return values.slice(0, last + 1).map(String);
};
