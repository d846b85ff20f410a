import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {z} from 'zod';
import {ConfigError} from '../errors/index.js';
import {summarize} from '../experiment/summarize.js';
import {displayPath} from '../format/command-line.js';
import {fileType} from '../fs/file-type.js';
import {listFolder} from '../fs/list-folder.js';
import {suggestOut, wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {writeUserFolder} from '../fs/write-user-folder.js';
import {checkPath} from '../validation/check-path.js';
import {shapes, validate} from '../validation/validate.js';
import {aboutOf} from './about.js';
import {type CheckOptions, checkShape, compareExport} from './compare-export.js';
import {type ExportEvidence, evidenceFile, evidenceText, hashedFile, modelFile} from './export-file.js';
import type {ExportedFile, Format} from './format.js';
import {type FormatName, formatNames, formats} from './formats.js';
import {checkIdentifier, identifierOf} from './identifier.js';
import {opsets} from './onnx/write.js';
import {readModel} from './read-model.js';
import {asWritten} from './rewrites.js';

/** How a model is exported. */
export type ExportOptions = CheckOptions & {
	/** The format. */
	readonly format: FormatName;
	/**
	 * The folder to write, which is missing or empty.
	 *
	 * @default `exports/NAME-FORMAT` in the working folder
	 */
	readonly out?: string;
	/**
	 * The name of files and functions: an identifier in C and JavaScript.
	 *
	 * @default after the step of the model’s run, else after its file
	 */
	readonly name?: string;
	/**
	 * Whether each norm is folded into the convolution before it: a smaller and faster net, whose logits differ by rounding.
	 *
	 * @default false
	 */
	readonly fold?: boolean;
	/**
	 * The version of ONNX’s operators.
	 *
	 * @range whole number from 11 to 26
	 * @unit version
	 * @default 17
	 */
	readonly opset?: number;
	/**
	 * Whether an ONNX file has a second output, with the probabilities of the classes.
	 *
	 * @default false
	 */
	readonly softmax?: boolean;
};

/** An export that was written. */
export type Exported = {
	/** Its folder. */
	readonly folder: string;
	readonly evidence: ExportEvidence;
};

const optionsShape = z.strictObject(
	{
		...checkShape,
		format: z.enum(formatNames),
		out: shapes.text.optional(),
		name: shapes.text.optional(),
		fold: z.boolean().optional(),
		opset: z.int().min(opsets.from).max(opsets.to).optional(),
		softmax: z.boolean().optional(),
	} satisfies Record<keyof ExportOptions, z.ZodType>,
	'an object',
);

/**
 * Exports a trained net, with the evidence that the export answers as the net itself does: `export.json` in its folder says how many
 * images get another answer. Nothing is left where it fails.
 *
 * @example
 * ```ts
 * const {folder, evidence} = await exportModel('runs/latest', {format: 'onnx', data: 'photos'});
 * ```
 * @param model a run’s folder, or a `model.safetensors`
 * @throws {ConfigError} for an operation that the format can’t express, and for a folder that has something in it
 * @throws {ModelError}, {DataError}, {WriteError}, {AbortError}
 */
export const exportModel = async (model: string, options: ExportOptions): Promise<Exported> => {
	validate(optionsShape, options, 'options');
	const {format: kind, fold = false, opset = opsets.default, softmax = false} = options;
	const format: Format = formats[kind];
	if (fold && format.keepsDropouts) {
		throw new ConfigError('fold', `left out for ${kind}, which loads the model file as it is`, 'true');
	}

	const trained = await readModel(model);
	const name = options.name ?? identifierOf(trained.file);
	checkIdentifier(name);
	const folder = path.resolve(options.out ?? path.join('exports', `${name}-${kind}`));
	checkEmpty(folder);
	const writeOptions = {name, fold, opset, softmax};
	const net = asWritten(trained, format, fold);
	const written = format.write(net, writeOptions);
	const files = [
		...written,
		{name: 'README.md', content: format.readme(net, writeOptions)},
		{name: modelFile, content: readFileSync(trained.file)},
	];
	const comparison = await inTemporaryFolder(files, async place =>
		compareExport(place, net, format, writeOptions, options),
	);
	const {rows, parameters} = summarize(trained.net);
	const evidence: ExportEvidence = {
		...{kind, options: writeOptions},
		model: {
			...{sha256: trained.sha256, parameters},
			multiplyAdds: rows.reduce((sum, {multiplyAdds}) => sum + multiplyAdds, 0),
		},
		about: aboutOf(trained),
		files: written.map(({name, content}) => hashedFile(name, content)),
		weightBytes: [...net.graph.tensors.values()].reduce((sum, {values}) => sum + values.byteLength, 0),
		...comparison,
	};
	const all = [...files, {name: evidenceFile, content: evidenceText(evidence)}];
	wrapWriteErrors('the export', folder, () => writeUserFolder(folder, all), suggestOut);
	return {folder, evidence};
};

/** @throws {ConfigError} for a folder that has something in it, and for what is no folder */
const checkEmpty = (folder: string): void => {
	checkPath('out', folder);
	const found = fileType(folder);
	if (found === 'nothing') {
		return;
	}

	if (found !== 'a folder') {
		throw new ConfigError('out', 'a folder that is missing or empty', `${displayPath(folder)}, which is ${found}`);
	}

	if (existsSync(path.join(folder, evidenceFile))) {
		const got = `${displayPath(folder)}, which has another export in it: remove it, or choose another folder`;
		throw new ConfigError('out', 'a folder that is missing or empty', got);
	}

	if (listFolder(folder).length > 0) {
		throw new ConfigError('out', 'a folder that is missing or empty', `${displayPath(folder)}, which has files in it`);
	}
};

/** Does work on files in a folder of the system's for temporary ones: those beside others may be cleaned up meanwhile. */
const inTemporaryFolder = async <Value>(
	files: readonly ExportedFile[],
	work: (folder: string) => Promise<Value>,
): Promise<Value> => {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'stepladder-export-'));
	try {
		for (const {name, content} of files) {
			writeFileSync(path.join(folder, name), content);
		}

		return await work(folder);
	} finally {
		rmSync(folder, {recursive: true, force: true});
	}
};
