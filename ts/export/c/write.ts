import {aboutOf} from '../about.js';
import type {ExportedFile} from '../format.js';
import {type Graph, type Node, shapeOf, sizeOf, tensorOf} from '../graph.js';
import {normScaling} from '../norm-scaling.js';
import type {TrainedNet} from '../read-model.js';
import {flattenIntoWindows} from './flatten.js';
import {planMemory} from './memory.js';
import {type OperationName, sourceOf} from './operations.js';
import {commentText, floatText, stringText, tableText} from './text.js';

/**
 * Writes a net as a header and a source of C99.
 *
 * @param name an identifier, with which all names of the header begin
 */
export const writeC = (model: TrainedNet, name: string): ExportedFile[] => {
	const graph = flattenIntoWindows(model.graph);
	const memory = planMemory(graph);
	const source = new Source(graph, memory.starts);
	const [mean, deviation] = [model.normalisation.mean, model.normalisation.deviation].map(Math.fround);
	const body = [
		source.call('load', ['pixels', source.at(0), ...graph.images, floatText(mean ?? 0), floatText(deviation ?? 1)], ''),
		...graph.nodes.flatMap((node, place) => source.node(node, place + 1)),
	];
	const result = source.call('answer', [source.at(graph.output), model.classes.length, 'logits'], '').trim();
	return [
		{name: `${name}.h`, content: headerText(model, name, 4 * memory.size)},
		{
			name: `${name}.c`,
			content: `${sourceHead(model, name)}
${source.tables()}
static float workspace[${memory.size}];
${sourceOf(source.used())}
int ${name}_predict(const uint8_t *pixels, float *logits)
{
${body.join('\n')}
	return ${result}
}
`,
		},
	];
};

/** Returns the text of a header. */
export const headerText = (model: TrainedNet, name: string, workspaceBytes: number): string => {
	const {images, classes} = {images: model.graph.images, classes: model.classes};
	const [channels, size] = images;
	const upper = name.toUpperCase();
	return `/* A net that was trained and exported by ${aboutOf(model).producer}; README.md says how it is used. */
#ifndef ${upper}_H
#define ${upper}_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ${upper}_SIZE ${size} /* height and width of an image */
#define ${upper}_CHANNELS ${channels}
#define ${upper}_PIXELS ${sizeOf(images)} /* bytes of an image, channel by channel and row by row */
#define ${upper}_CLASSES ${classes.length}
#define ${upper}_WORKSPACE ${workspaceBytes} /* bytes of static memory that a prediction works in */

/* Names of the classes, in UTF-8. */
extern const char *const ${name}_classes[${upper}_CLASSES];

/*
 * Returns the class of an image, from 0. Writes a logit a class, unless \`logits\` is NULL.
 * One prediction at a time: all work in the same memory.
 */
int ${name}_predict(const uint8_t *pixels, float *logits);

#ifdef __cplusplus
}
#endif

#endif
`;
};

/** Returns the first lines of a source: what it includes, and the names of the classes. */
export const sourceHead = (model: TrainedNet, name: string): string => `#include "${name}.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#if INT_MAX < 2147483647
#error "int must have 32 bits"
#endif
#if FLT_EVAL_METHOD != 0
#error "float must be computed in float: for 32-bit x86, use -msse2 -mfpmath=sse"
#endif

const char *const ${name}_classes[${model.classes.length}] = {
${model.classes.map(label => `\t${stringText(label)},`).join('\n')}
};
`;

/** The calls of operations, and the tables that they read. */
class Source {
	readonly #graph: Graph;
	readonly #starts: readonly number[];
	readonly #used = new Set<OperationName>();
	/** Name and text of each table, by its key. */
	readonly #tables = new Map<string, {name: string; text: string}>();

	constructor(graph: Graph, starts: readonly number[]) {
		this.#graph = graph;
		this.#starts = starts;
	}

	used(): ReadonlySet<OperationName> {
		return this.#used;
	}

	tables(): string {
		return [...this.#tables.values()].map(({text}) => text).join('\n');
	}

	/** Returns the expression for a value's memory. */
	at(value: number): string {
		const start = this.#starts[value] ?? 0;
		return start === 0 ? 'workspace' : `workspace + ${start}`;
	}

	call(name: OperationName, values: ReadonlyArray<string | number>, layer: string): string {
		this.#used.add(name);
		return `\t${name}(${values.join(', ')});${layer === '' ? '' : ` /* ${commentText(layer)} */`}`;
	}

	/** Returns the calls that compute a value. */
	node({op, inputs, shape, layer}: Node, value: number): string[] {
		const [input = 0] = inputs;
		const from = shapeOf(this.#graph, input);
		const [x, y] = [this.at(input), this.at(value)];
		const [, height, width] = shape;
		const one = (name: OperationName, ...values: Array<string | number>): string[] => [this.call(name, values, layer)];
		switch (op.kind) {
			case 'conv': {
				const bias = op.bias === undefined ? 'NULL' : this.#tensor(op.bias);
				const windows = [op.kernel, op.stride, op.padding, op.dilation, op.groups];
				return one('conv', x, ...from, y, ...shape, this.#tensor(op.weight), bias, ...windows);
			}

			case 'batch-norm': {
				const scaling = normScaling(this.#graph, op);
				const tables = (['scale', 'shift'] as const).map(part =>
					this.#table(`${part} of ${op.weight}`, Float32Array.from(scaling[part])),
				);
				return one('norm', x, y, ...shape, ...tables);
			}

			case 'activation': {
				return one(op.name.replaceAll('-', '_') as OperationName, x, y, sizeOf(shape));
			}

			case 'sigmoid': {
				return one('sigmoid', x, y, sizeOf(shape));
			}

			case 'max-pool': {
				return one('max_pool', x, ...from, y, height, width, op.kernel, op.stride, op.padding);
			}

			case 'average-pool': {
				return one('average_pool', x, ...from, y, height, width, op.kernel, op.stride, op.padding);
			}

			case 'global-average-pool': {
				return one('average_pool', x, ...from, y, 1, 1, from[1], 1, 0);
			}

			case 'flatten': {
				return one('flatten', x, ...from, y);
			}

			case 'dropout': {
				throw new Error('dropouts are removed before'); // `keepsDropouts` is false
			}

			case 'add': {
				return one('add', x, this.at(inputs[1] ?? 0), y, sizeOf(shape));
			}

			case 'scale': {
				return one('scale', x, this.at(inputs[1] ?? 0), y, ...shape);
			}

			case 'concat': {
				let channel = 0;
				return inputs.map(other => {
					const first = channel;
					const otherShape = shapeOf(this.#graph, other);
					[channel] = [channel + otherShape[0]];
					return this.call('join', [this.at(other), ...otherShape, y, shape[0], first], layer);
				});
			}
		}
	}

	#tensor(name: string): string {
		return this.#table(name, tensorOf(this.#graph, name).values);
	}

	/** Adds a table, unless it was added before, and returns its name. */
	#table(key: string, values: Float32Array): string {
		const found = this.#tables.get(key) ?? {name: `t${this.#tables.size}`, text: ''};
		if (!this.#tables.has(key)) {
			const text = `/* ${commentText(key)} */\n${tableText('float', found.name, [...values].map(floatText))}`;
			this.#tables.set(key, {...found, text});
		}

		return found.name;
	}
}
