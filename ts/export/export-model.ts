import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {z} from 'zod';
import {ConfigError} from '../errors/index.js';
import {summarize} from '../experiment/summarize.js';
import {displayPath} from '../format/command-line.js';
import {fileType} from '../fs/file-type.js';
import {inFolder} from '../fs/in-folder.js';
import {listFolder} from '../fs/list-folder.js';
import {suggestOut, wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {writeUserFolder} from '../fs/write-user-folder.js';
import {checkPath} from '../validation/check-path.js';
import {shapes, validate} from '../validation/validate.js';
import {aboutOf} from './about.js';
import {mostLossyLayer} from './c/int8/most-lossy-layer.js';
import {isTrainedForInt8} from './c/int8/ranges.js';
import {type CheckOptions, checkShape, compareExport} from './compare-export.js';
import type {ExportComparison} from './evidence.js';
import {type ExportEvidence, evidenceFile, evidenceText, hashedFile, modelFile} from './export-file.js';
import type {ExportedFile, Format} from './format.js';
import {type FormatName, formatNames, formats} from './formats.js';
import {checkIdentifier, identifierOf} from './identifier.js';
import {opsets} from './onnx/write.js';
import {readModel} from './read-model.js';
import {asWritten} from './rewrites.js';
import {trainingImages} from './training-images.js';

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
	/**
	 * Whether C computes in whole numbers, a byte a weight and a value: a quarter of the memory, and the same on every chip. Ranges are chosen
	 * by training images of `data`, unless the model was trained for whole numbers (`quantize`).
	 *
	 * @default false
	 */
	readonly int8?: boolean;
	/**
	 * The accuracy that whole numbers may lose at most, on the images that they are compared on.
	 *
	 * @range at least 0
	 * @unit points
	 * @default 0.1
	 */
	readonly maxLoss?: number;
};

/** An export that was written. */
export type Exported = {
	/** Its folder. */
	readonly folder: string;
	readonly evidence: ExportEvidence;
};

/** Points of accuracy that whole numbers may lose where nothing else is said. */
const defaultMaxLoss = 0.1;

const optionsShape = z.strictObject(
	{
		...checkShape,
		format: z.enum(formatNames),
		out: shapes.text.optional(),
		name: z.string().optional(),
		fold: z.boolean().optional(),
		opset: z
			.custom<number>(
				value => Number.isInteger(value) && (value as number) >= opsets.from && (value as number) <= opsets.to,
				`a whole number from ${opsets.from} to ${opsets.to}`,
			)
			.optional(),
		softmax: z.boolean().optional(),
		int8: z.boolean().optional(),
		maxLoss: z
			.custom<number>(value => Number.isFinite(value) && (value as number) >= 0, 'points, at least 0')
			.optional(),
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
	const {format: kind, fold = false, opset = opsets.default, softmax = false, int8 = false} = options;
	const format: Format = formats[kind];
	if (fold && format.keepsDropouts) {
		throw new ConfigError('fold', `left out for ${kind}, which loads the model file as it is`, 'true');
	}

	checkOnnx(options);
	checkInt8(options);
	const trained = await readModel(model);
	const name = options.name ?? identifierOf(trained.file);
	checkIdentifier(name);
	const folder = path.resolve(options.out ?? path.join('exports', `${name}-${kind}`));
	checkEmpty(folder);
	const writeOptions = {name, fold, opset, softmax, int8};
	const net = asWritten(trained, format, fold);
	const {data, threads, tell = () => {}, signal = new AbortController().signal} = options;
	const reading = {tell, signal, ...(threads && {threads})};
	const images = int8 && data !== undefined ? await trainingImages(net, data, reading) : new Uint8Array();
	const ranges = isTrainedForInt8(trained) ? 'training' : 'images';
	const written = format.write(net, writeOptions, images);
	const files = [
		...written,
		{name: 'README.md', content: format.readme(net, writeOptions)},
		{name: modelFile, content: readFileSync(trained.file)},
	];
	const comparison = await inTemporaryFolder(files, async place =>
		compareExport(place, net, format, writeOptions, options),
	);
	if (int8) {
		const advice = ranges === 'training' ? '' : ", or the model trained on with `quantize: 'int8'`";
		checkLoss(comparison, options.maxLoss ?? defaultMaxLoss, advice, () => mostLossyLayer(net, images));
	}

	const {rows, parameters} = summarize(trained.net);
	const evidence: ExportEvidence = {
		...{kind, options: writeOptions},
		model: {
			...{sha256: trained.sha256, parameters},
			multiplyAdds: rows.reduce((sum, {multiplyAdds}) => sum + multiplyAdds, 0),
		},
		about: aboutOf(trained),
		files: written.map(({name, content}) => hashedFile(name, content)),
		...(int8 && {ranges}),
		weightBytes: [...net.graph.tensors.values()].reduce((sum, {values}) => sum + values.byteLength, 0),
		...comparison,
	};
	const all = [...files, {name: evidenceFile, content: evidenceText(evidence)}];
	wrapWriteErrors('the export', folder, () => writeUserFolder(folder, all), suggestOut);
	return {folder, evidence};
};

/** @throws {ConfigError} for options of ONNX with another format */
const checkOnnx = (options: ExportOptions): void => {
	const given = (['opset', 'softmax'] as const).find(option => options[option]);
	if (given !== undefined && options.format !== 'onnx') {
		throw new ConfigError(given, 'left out for all formats but onnx', `${options[given]} for ${options.format}`);
	}
};

/** @throws {ConfigError} for whole numbers that a format lacks, or without images to choose their ranges by */
const checkInt8 = ({format, data, int8 = false, maxLoss}: ExportOptions): void => {
	if (int8 && format !== 'c') {
		throw new ConfigError('int8', 'left out for all formats but c', `true for ${format}`);
	}

	if (int8 && data === undefined) {
		throw new ConfigError(
			'data',
			'labelled images with training images, by which int8 chooses its ranges (`--data PLACE` or `--ladder DIR`)',
			'nothing',
		);
	}

	if (!int8 && maxLoss !== undefined) {
		throw new ConfigError('maxLoss', 'left out without int8', String(maxLoss));
	}
};

/** @throws {ConfigError} for whole numbers that lose more accuracy than is allowed, and where no compiler could measure it */
const checkLoss = (
	{images, answers, missing}: ExportComparison,
	maxLoss: number,
	advice: string,
	mostLossy: () => string,
): void => {
	const accuracy = answers.find(answer => answer.images === undefined)?.accuracy;
	if (accuracy === undefined) {
		const reason = missing.map(({reason}) => reason).join('; ');
		throw new ConfigError('int8', 'exported where a C compiler can measure its accuracy', reason);
	}

	const loss = (100 * (accuracy.model - accuracy.export)) / images.count;
	if (loss > maxLoss) {
		const expected = `left out, \`maxLoss\` raised${advice}: whole numbers may lose ${maxLoss} points of accuracy`;
		const got = `a loss of ${loss.toFixed(2)} points on ${images.name}, most of it in the layer \`${mostLossy()}\``;
		throw new ConfigError('int8', expected, got);
	}
};

/** @throws {ConfigError} for a folder that has something in it, and for what is no folder */
const checkEmpty = (folder: string): void => {
	checkPath('out', folder);
	const around = foldersAbove(folder).find(above => existsSync(path.join(above, evidenceFile)));
	if (around !== undefined) {
		const got = `${displayPath(folder)}, within the export in ${displayPath(around)}`;
		throw new ConfigError('out', 'a folder outside of other exports', got);
	}

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

/** Returns the folders that a folder is in, nearest first. */
const foldersAbove = (folder: string): string[] => {
	const parent = path.dirname(folder);
	return parent === folder ? [] : [parent, ...foldersAbove(parent)];
};

/** Does work on files in a folder of the system's for temporary ones: those beside others may be cleaned up meanwhile. */
const inTemporaryFolder = async <Value>(
	files: readonly ExportedFile[],
	work: (folder: string) => Promise<Value>,
): Promise<Value> =>
	inFolder(undefined, 'stepladder-export-', async folder => {
		for (const {name, content} of files) {
			writeFileSync(path.join(folder, name), content);
		}

		return work(folder);
	});
