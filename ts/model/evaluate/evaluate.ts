import process from 'node:process';
import {z} from 'zod';
import type {DataSource} from '../../data/data.js';
import {openData} from '../../data/open-data.js';
import {ConfigError, DataError} from '../../errors/index.js';
import {didYouMean} from '../../format/did-you-mean.js';
import {formatValue} from '../../format/value.js';
import {type ClassificationMeasures, classificationMeasures} from '../../statistics/classification.js';
import {shapes, validate} from '../../validation/validate.js';
import {loadModel, type Model} from '../load-model.js';
import {predictInBatches} from '../predict-in-batches.js';
import {type LabelledImages, type SetName, setNames} from './labelled-images.js';
import {imagesOfData, openImages} from './open-images.js';

/** Which images a model is evaluated on, and how they are read. */
export type EvaluateOptions = {
	/**
	 * Which of a source's sets.
	 *
	 * @default 'test', or all images of a source without sets
	 */
	readonly set?: SetName;
	/**
	 * The column of labels of a `.csv`.
	 *
	 * @default 'label'
	 */
	readonly label?: string;
	/**
	 * Whether images that can't be read are left out; else the first one is an error.
	 *
	 * @default false
	 */
	readonly skipDamaged?: boolean;
	/**
	 * Images that are decoded at once.
	 *
	 * @range whole number, at least 1
	 * @unit images
	 * @default as many as the machine has cores
	 */
	readonly threads?: number;
	/** Receives progress, and lines about what was left out. */
	readonly tell?: (line: string) => void;
	/** Ends the evaluation with an {@link AbortError}. */
	readonly signal?: AbortSignal;
};

/** A model's answer for one labelled image. */
export type EvaluatedImage = {
	/** The file, or the file and the row. */
	readonly image: string;
	/** Its class, from 0, among the model's classes. */
	readonly label: number;
	/** The likeliest class by the model. */
	readonly predicted: number;
	/** The probability of that class. */
	readonly probability: number;
	/** The rank of its own class by probability, 1 for the likeliest. */
	readonly rank: number;
};

/** The measures of a model on labelled images. Labels count the model's classes. */
export type Evaluation = ClassificationMeasures & {
	/** The source and its set, for people. */
	readonly name: string;
	/** Names of the model's classes, in the order of the labels. */
	readonly classes: readonly string[];
	/** Every image, in the order of the source. */
	readonly images: readonly EvaluatedImage[];
	/** Images that could not be read. */
	readonly leftOut: readonly string[];
};

const optionsShape = z.strictObject(
	{
		set: z.enum(setNames).optional(),
		label: shapes.text.optional(),
		skipDamaged: z.boolean().optional(),
		threads: shapes.some.optional(),
		tell: shapes.aFunction.optional(),
		signal: shapes.signal.optional(),
	} satisfies Record<keyof EvaluateOptions, z.ZodType>,
	'an object',
);

/**
 * Evaluates a model on labelled images. Image files are prepared as the model's own images were, whatever their size; other images
 * have to be of its size. Classes are matched by their names, so a source may have them in another order, or some of them; labels
 * without names are taken by their numbers.
 *
 * @example
 * ```ts
 * const {accuracy, macroF1, images} = await evaluate('runs/latest', 'photos');
 * ```
 * @param model a model, or the path of a run's folder or of a `model.safetensors`
 * @param data a source of data, or a path: a folder of images (`<class>/*` or `<set>/<class>/*`), a folder of IDX files, an `.npz`
 * or a `.csv`
 * @throws {DataError} for images that can't be read, and for a class that the model does not have
 * @throws {ModelError}, {ConfigError}, {AbortError}
 */
export const evaluate = async (
	model: Model | string,
	data: DataSource | string,
	options: EvaluateOptions = {},
): Promise<Evaluation> => {
	validate(optionsShape, options, 'options');
	const {set, label = 'label', skipDamaged = false, tell = () => {}, signal} = options;
	checkModel(model);
	const loaded = typeof model === 'string' ? await loadModel(model) : model;
	const source =
		typeof data === 'string'
			? await openImages(data, {set, label, tell})
			: await imagesOfData(await openData(checkSource(data), process.cwd(), {skipDamaged, tell, signal}), {set});
	const labels = modelLabels(source, loaded.classes, tell);
	const images: EvaluatedImage[] = [];
	const leftOut: string[] = [];
	let index = 0;
	for await (const outcome of predictInBatches(loaded, source.list(loaded), options)) {
		const image = String(outcome.image);
		const label = labels[index] ?? 0;
		index += 1;
		if (!outcome.error) {
			const {label: predicted, probabilities} = outcome;
			const probability = probabilities[predicted] ?? 0;
			images.push({image, label, predicted, probability, rank: rankOf(label, predicted, probabilities)});
		} else if (skipDamaged) {
			leftOut.push(image);
		} else {
			const {message, path} = outcome.error;
			const advice = 'repair it, or leave such images out with `--skip-damaged`';
			throw new DataError(`${message}; ${advice}`, path, 'a whole image', message);
		}
	}

	if (images.length === 0) {
		throw new DataError(
			`${source.name}: expected images to evaluate, found none that can be read`,
			source.name,
			'images',
			'none',
		);
	}

	if (leftOut.length > 0) {
		const some = leftOut.slice(0, 10).join(', ');
		tell(
			`Left out ${leftOut.length} damaged ${leftOut.length === 1 ? 'image' : 'images'}: ${some}${leftOut.length > 10 ? ', ...' : ''}`,
		);
	}

	const measures = classificationMeasures({
		labels: images.map(({label}) => label),
		predictions: images.map(({predicted}) => predicted),
		probabilities: images.map(({probability}) => probability),
		ranks: images.map(({rank}) => rank),
		classes: loaded.classes.length,
	});
	return {...measures, name: source.name, classes: loaded.classes, images, leftOut};
};

const checkModel = (model: unknown): void => {
	const isModel = typeof (model as Partial<Model> | undefined)?.predict === 'function';
	if (typeof model !== 'string' && !isModel) {
		throw new ConfigError('model', 'a model, as `await loadModel(PATH)` gives it, or its path', formatValue(model));
	}
};

const checkSource = (data: unknown): DataSource => {
	if (typeof (data as Partial<DataSource> | undefined)?.open !== 'function') {
		throw new ConfigError('data', 'a source such as `idx(FOLDER)`, or a path', formatValue(data));
	}

	return data as DataSource;
};

/**
 * Returns the labels as numbers of the model's classes.
 *
 * @throws {DataError} for a class that the model does not have
 */
const modelLabels = (
	{name, classes, labels}: LabelledImages,
	known: readonly string[],
	tell: (line: string) => void,
): number[] => {
	const all = Array.from(labels);
	const used = [...new Set(all)].sort((a, b) => a - b);
	// A source of numbers alone says no names: its labels are the model's, unless the model's classes are numbers, too.
	const isNumbered = classes === undefined && !used.every(label => known.includes(String(label)));
	const numberOf = (label: number): number =>
		isNumbered ? (label < known.length ? label : -1) : known.indexOf(classes?.[label] ?? String(label));
	const unknown = used.find(label => numberOf(label) === -1);
	if (unknown !== undefined) {
		const found = classes?.[unknown] ?? String(unknown);
		const listed = known.length > 12 ? `${known.slice(0, 12).join(', ')}, ...` : known.join(', ');
		const expected = `images of the model’s classes (${listed})`;
		const hint = didYouMean(found, known);
		throw new DataError(`${name}: expected ${expected}, found the class \`${found}\`${hint}`, name, expected, found);
	}

	if (isNumbered) {
		tell(`${name} has no names of classes: its labels are taken in the order of the model’s, 0 for \`${known[0]}\``);
	}

	const numbers = new Map(used.map(label => [label, numberOf(label)]));
	return all.map(label => numbers.get(label) ?? -1);
};

/** Returns the rank of a class by probability. Only the predicted class has rank 1, also where another is as likely. */
const rankOf = (label: number, predicted: number, probabilities: readonly number[]): number => {
	const own = probabilities[label] ?? 0;
	const likelier = probabilities.filter(
		(probability, other) => probability > own || (probability === own && other < label),
	);
	return label === predicted ? 1 : Math.max(2, likelier.length + 1);
};
