import {aboutOf} from '../about.js';
import type {ExportedFile} from '../format.js';
import {sizeOf, type ValueId} from '../graph.js';
import type {TrainedNet} from '../read-model.js';
import type {Memory} from './memory.js';
import {commentText, stringText, tableText} from './text.js';

/** The types of numbers in tables. */
type NumberType = 'float' | 'int8_t' | 'uint8_t' | 'int32_t';

/** A source file in the making: calls of operations, and the tables that they read. */
export class Source<Operation extends string> {
	readonly #memory: Memory;
	readonly #used = new Set<Operation>();
	/** Name and text of each table, by its type and numbers: layers that are repeated share theirs. */
	readonly #tables = new Map<string, {readonly name: string; readonly text: string}>();
	readonly #calls: string[] = [];

	constructor(memory: Memory) {
		this.#memory = memory;
	}

	/** The operations that are called. */
	get used(): ReadonlySet<Operation> {
		return this.#used;
	}

	/** The definitions of all tables. */
	get tables(): string {
		return [...this.#tables.values()].map(({text}) => text).join('\n');
	}

	/** The calls, a line each. */
	get calls(): string {
		return this.#calls.join('\n');
	}

	/** Returns the expression for a value's memory. */
	at(value: ValueId): string {
		const start = this.#memory.starts[value] ?? 0;
		return start === 0 ? 'workspace' : `workspace + ${start}`;
	}

	/** Adds a call, with the path of its layer as a comment. */
	call(operation: Operation, values: ReadonlyArray<string | number>, layer: string): void {
		this.#calls.push(`\t${this.expression(operation, values)};${layer === '' ? '' : ` /* ${commentText(layer)} */`}`);
	}

	/** Returns a call whose result is used. */
	expression(operation: Operation, values: ReadonlyArray<string | number>): string {
		this.#used.add(operation);
		return `${operation}(${values.join(', ')})`;
	}

	/**
	 * Adds a table, unless there is one with these numbers, and returns its name.
	 *
	 * @param title says what it is, in a comment
	 */
	table(title: string, type: NumberType, values: readonly string[]): string {
		const key = `${type} ${values.join()}`;
		const name = this.#tables.get(key)?.name ?? `t${this.#tables.size}`;
		if (!this.#tables.has(key)) {
			this.#tables.set(key, {name, text: `/* ${commentText(title)} */\n${tableText(type, name, values)}`});
		}

		return name;
	}
}

/** The parts of a source file that numbers of each kind have of their own. */
export type SourceParts = {
	/** Definitions of tables and memory. */
	readonly definitions: string;
	/** Definitions of operations. */
	readonly operations: string;
	/** The calls of a prediction. */
	readonly calls: string;
	/** The expression for its class. */
	readonly answer: string;
	/** Whether it needs floats to be computed as floats. */
	readonly exactFloats: boolean;
	/** Bytes of static memory. */
	readonly memoryBytes: number;
};

/**
 * Returns the header and the source of a net.
 *
 * @param name an identifier, with which all names of the header begin
 */
export const filesOf = (model: TrainedNet, name: string, parts: SourceParts): ExportedFile[] => [
	{name: `${name}.h`, content: headerText(model, name, parts.memoryBytes)},
	{name: `${name}.c`, content: sourceText(model, name, parts)},
];

const headerText = (model: TrainedNet, name: string, memoryBytes: number): string => {
	const {graph, classes} = model;
	const [channels, size] = graph.images;
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
#define ${upper}_PIXELS ${sizeOf(graph.images)} /* bytes of an image, channel by channel and row by row */
#define ${upper}_CLASSES ${classes.length}
#define ${upper}_WORKSPACE ${memoryBytes} /* bytes of static memory that a prediction works in */

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

const exactFloats = `#include <float.h>
#include <math.h>
#if FLT_EVAL_METHOD != 0
#error "float must be computed in float: for 32-bit x86, use -msse2 -mfpmath=sse"
#endif
`;

const sourceText = (model: TrainedNet, name: string, parts: SourceParts): string => `#include "${name}.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>
${parts.exactFloats ? exactFloats : ''}#if INT_MAX < 2147483647
#error "int must have 32 bits"
#endif

const char *const ${name}_classes[${model.classes.length}] = {
${model.classes.map(label => `\t${stringText(label)},`).join('\n')}
};

${parts.definitions}${parts.operations}
int ${name}_predict(const uint8_t *pixels, float *logits)
{
${parts.calls}
	return ${parts.answer};
}
`;
