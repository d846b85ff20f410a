import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {z} from 'zod';
import {DataError} from '../errors/index.js';
import {displayPath} from '../format/command-line.js';
import {fileType} from '../fs/file-type.js';
import type {About} from './about.js';
import {comparisonShape, type ExportComparison} from './evidence.js';
import type {WriteOptions} from './format.js';
import {type FormatName, formatNames} from './formats.js';

/** The file with an export's evidence. */
export const evidenceFile = 'export.json';

/** The name of the model file beside an export. */
export const modelFile = 'model.safetensors';

/** A file of an export. */
export type HashedFile = {readonly name: string; readonly bytes: number; readonly sha256: string};

/** An export, and the evidence that it answers as its model does. */
export type ExportEvidence = ExportComparison & {
	readonly kind: FormatName;
	readonly options: WriteOptions;
	/** The model that was exported. */
	readonly model: {
		/** The sha256 of its file. */
		readonly sha256: string;
		readonly parameters: number;
		/** Multiply-adds of one image. */
		readonly multiplyAdds: number;
	};
	/** How images are prepared for it. */
	readonly about: About;
	/** The files of the format itself. */
	readonly files: readonly HashedFile[];
	/** Bytes of all numbers in them, as float32. */
	readonly weightBytes: number;
	/** Where the ranges of whole numbers are from: the training of the model, or training images. `undefined` in floats. */
	readonly ranges?: 'training' | 'images' | undefined;
};

/** The number of the format of `export.json`. */
const format = 1;

const count = z.int().min(0);
const hash = z.string().regex(/^[\da-f]{64}$/);
const shape = z.strictObject({
	format: z.literal(format),
	kind: z.enum(formatNames),
	options: z.strictObject({name: z.string(), fold: z.boolean(), opset: count, softmax: z.boolean(), int8: z.boolean()}),
	model: z.strictObject({sha256: hash, parameters: count, multiplyAdds: count}),
	about: z.strictObject({
		...{producer: z.string(), model: hash, classes: z.array(z.string()), size: count, channels: count, fit: z.string()},
		...{background: z.array(count), grey: z.string().optional(), form: z.string().optional()},
		normalisation: z.strictObject({mean: z.number(), deviation: z.number()}),
	}) as z.ZodType<About>,
	files: z.array(z.strictObject({name: z.string().regex(/^[\w.-]+$/), bytes: count, sha256: hash})),
	weightBytes: count,
	ranges: z.enum(['training', 'images']).optional(),
	...comparisonShape.shape,
});

/** Returns the text of `export.json`. */
export const evidenceText = (evidence: ExportEvidence): string =>
	`${JSON.stringify({format, ...evidence}, undefined, '\t')}\n`;

/**
 * Reads the `export.json` of an export's folder.
 *
 * @throws {DataError} for a folder without one, and for one that this version can't read
 */
export const readEvidence = (folder: string): ExportEvidence => {
	const file = path.join(folder, evidenceFile);
	const expected = 'the evidence of an export, as `stepladder export` writes it';
	if (fileType(file) === 'nothing') {
		const reason = fileType(folder) === 'nothing' ? 'there is no such folder' : `it has no ${evidenceFile}`;
		throw new DataError(`${displayPath(folder)}: expected the folder of an export (${reason})`, file, expected, reason);
	}

	try {
		const {format: _, ...evidence} = shape.parse(JSON.parse(readFileSync(file, 'utf8')));
		return evidence;
	} catch (error) {
		const reason = error instanceof z.ZodError ? z.prettifyError(error).split('\n')[0] : (error as Error).message;
		throw new DataError(`${displayPath(file)}: expected ${expected} (${reason})`, file, expected, String(reason));
	}
};

/** Returns a file with its hash. */
export const hashedFile = (name: string, content: string | Uint8Array): HashedFile => {
	const bytes = typeof content === 'string' ? Buffer.from(content) : content;
	return {name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex')};
};
