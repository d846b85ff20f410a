import {createHash} from 'node:crypto';
import process from 'node:process';
import {z} from 'zod';
import type {DataSource} from '../data/data.js';
import {openData} from '../data/open-data.js';
import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {type LabelledImages, labelledPixels, type SetName} from '../model/evaluate/labelled-images.js';
import {imagesOfData, openImages} from '../model/evaluate/open-images.js';
import {readInBatches} from '../model/predict-in-batches.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {throwIfAborted} from '../platform/abort.js';
import {mcnemar} from '../statistics/mcnemar.js';
import type {Figures, MissingRuntime, Runtime} from './format.js';
import {sizeOf} from './graph.js';
import type {TrainedNet} from './read-model.js';

/** What one runtime answered. */
export type ExportAnswers = {
	/** What computed them, with its version. */
	readonly runtime: string;
	/** The number of images that it answered, where that is not all. */
	readonly images?: number;
	/** Images whose likeliest class is another one than by the model itself. */
	readonly differ: number;
	/** The largest difference of a logit. */
	readonly largestDifference: number;
	/** Right answers, where the export is expected to give others than the model. */
	readonly accuracy?: ComparedAccuracy;
	/** Its size and its work on a device. */
	readonly figures?: Figures;
};

/** Right answers of a model and of its export on the same images. */
export type ComparedAccuracy = {
	/** Number of images that the model gets right. */
	readonly model: number;
	/** Number of images that the export gets right. */
	readonly export: number;
	/** Number of images that only the model gets right. */
	readonly onlyModel: number;
	/** Number of images that only the export gets right. */
	readonly onlyExport: number;
	/** McNemar's exact two-sided p-value. */
	readonly pValue: number;
};

/** The images that an export is compared on. */
export type ComparedImages = {
	/** The source and its set, such as `mnist, test`. */
	readonly name: string;
	readonly count: number;
	/** The sha256 of their bytes, in hex. */
	readonly sha256: string;
};

/** The comparison of an export with its model. */
export type ExportComparison = {
	readonly images: ComparedImages;
	readonly answers: readonly ExportAnswers[];
	/** Runtimes that could have answered and were not there, and how to get them. */
	readonly missing: ReadonlyArray<{readonly runtime: string; readonly reason: string}>;
};

const count = z.int().min(0);
const hash = z.string().regex(/^[\da-f]{64}$/);
const accuracy = z.strictObject({
	...{model: count, export: count, onlyModel: count, onlyExport: count, pValue: z.number().min(0).max(1)},
});
const figures = z.strictObject({flash: count, ram: count, stack: count, instructions: count});

/** The shape of a comparison in `export.json`. */
export const comparisonShape = z.strictObject({
	images: z.strictObject({name: z.string(), count, sha256: hash}),
	answers: z.array(
		z.strictObject({
			...{runtime: z.string(), images: count.optional(), differ: count, largestDifference: z.number().min(0)},
			...{accuracy: accuracy.optional(), figures: figures.optional()},
		}) as z.ZodType<ExportAnswers>,
	),
	missing: z.array(z.strictObject({runtime: z.string(), reason: z.string()})),
}) satisfies z.ZodType<ExportComparison>;

/** The images that a comparison is made on, and how they are read. */
export type ComparisonOptions = {
	/** A source of data or a path, as `evaluate` takes them; noise if left out. */
	readonly data: DataSource | string | undefined;
	readonly set: SetName | undefined;
	readonly threads: number | undefined;
	/** Whether right answers are counted, of images that have labels. */
	readonly counted: boolean;
	/** Receives progress. */
	readonly tell: (line: string) => void;
	readonly signal: AbortSignal;
};

/**
 * Compares the answers of runtimes with those of the model itself, image by image.
 *
 * @throws {DataError} or {ImageError} for images that can't be read
 * @throws {AbortError}
 */
export const compareAnswers = async (
	model: TrainedNet,
	found: ReadonlyArray<Runtime | MissingRuntime>,
	{data, set, threads, counted, tell, signal}: ComparisonOptions,
): Promise<ExportComparison> => {
	const runtimes = found.filter(runtime => 'logits' in runtime);
	const [channels, size] = model.graph.images;
	const input = {channels, size, form: model.form, preparation: model.preparation};
	const reference = unwrap(await native().loadModel(model.file));
	const images = await imagesOf(model, data, {set, tell, signal});
	const bytes = createHash('sha256');
	const tallies = runtimes.map(({name}) => ({
		...{runtime: name, images: 0, differ: 0, largestDifference: 0},
		...{model: 0, export: 0, onlyModel: 0, onlyExport: 0},
	}));
	let total = 0;
	for await (const batch of readInBatches(input, images.list(input), {signal, ...(threads && {threads})})) {
		const pixels = Buffer.concat(
			batch.map(({read}) => {
				if (read instanceof Error) {
					throw read;
				}

				return read.pixels;
			}),
		);
		bytes.update(pixels);
		total += batch.length;
		const expected = unwrap(await reference.logits(pixels));
		for (const [index, runtime] of runtimes.entries()) {
			const tally = tallies[index] as (typeof tallies)[number];
			const count = Math.min(batch.length, (runtime.most ?? Number.POSITIVE_INFINITY) - tally.images);
			if (count === 0) {
				continue;
			}

			const asked = pixels.subarray(0, count * sizeOf(model.graph.images));
			const logits = await runtime.logits(asked).catch(error => {
				throwIfAborted(signal); // a process that the signal ended says so in words of its own
				throw error;
			});
			const {differ, largestDifference} = difference(expected, logits, count, model.classes.length);
			for (let index = 0; index < count; index += 1) {
				const label = images.labels[tally.images + index];
				const [byModel, byExport] = [expected, logits].map(
					list => likeliestOf(list, index, model.classes.length) === label,
				);
				tally.model += Number(byModel);
				tally.export += Number(byExport);
				tally.onlyModel += Number(byModel && !byExport);
				tally.onlyExport += Number(byExport && !byModel);
			}

			tally.images += count;
			tally.differ += differ;
			tally.largestDifference = Math.max(tally.largestDifference, largestDifference);
		}
	}

	return {
		images: {name: images.name, count: total, sha256: bytes.digest('hex')},
		answers: tallies.map(({runtime, images, differ, largestDifference, ...right}, index) => ({
			...{runtime, differ, largestDifference},
			...(images < total && {images}),
			...(counted && {accuracy: {...right, pValue: mcnemar(right.onlyModel, right.onlyExport).pValue}}),
			...(runtimes[index]?.figures && {figures: runtimes[index].figures()}),
		})),
		missing: found.flatMap(runtime => ('missing' in runtime ? [{runtime: runtime.name, reason: runtime.missing}] : [])),
	};
};

/** Compares the logits of the first `count` images, `[N, classes]`. */
const difference = (
	expected: Float32Array,
	logits: Float32Array,
	count: number,
	classes: number,
): Pick<ExportAnswers, 'differ' | 'largestDifference'> => {
	let [differ, largestDifference] = [0, 0];
	for (let start = 0; start < count * classes; start += classes) {
		const [one, other] = [expected, logits].map(list => list.subarray(start, start + classes)) as [
			Float32Array,
			Float32Array,
		];
		differ += likeliest(one) === likeliest(other) ? 0 : 1;
		for (const [index, value] of one.entries()) {
			const distance = Math.abs(value - (other[index] ?? Number.NaN));
			largestDifference = distance <= largestDifference ? largestDifference : distance; // also NaN, which is then refused
		}
	}

	if (Number.isNaN(largestDifference)) {
		return {differ, largestDifference: Number.MAX_VALUE}; // JSON has no infinity
	}

	return {differ, largestDifference};
};

/** Returns the class of image `index` by logits `[N, classes]`. */
const likeliestOf = (logits: Float32Array, index: number, classes: number): number =>
	likeliest(logits.subarray(index * classes, (index + 1) * classes));

const likeliest = (logits: Float32Array): number =>
	logits.reduce((best, value, label) => (value > (logits[best] ?? 0) ? label : best), 0);

/** Opens the images of a source of data or a path; noise where none is given. */
export const imagesOf = async (
	model: TrainedNet,
	data: DataSource | string | undefined,
	{set, tell, signal}: Pick<ComparisonOptions, 'set' | 'tell' | 'signal'>,
): Promise<LabelledImages> => {
	if (data === undefined) {
		return noise(model);
	}

	if (typeof data === 'string') {
		return openImages(data, {...(set && {set}), label: 'label', tell});
	}

	if (typeof (data as Partial<DataSource> | undefined)?.open !== 'function') {
		throw new ConfigError('data', 'a source such as `idx(FOLDER)`, or a path', formatValue(data));
	}

	return imagesOfData(await openData(data, process.cwd(), {tell, signal}), {...(set && {set})});
};

/** The name of the images of noise, in evidence. */
export const noiseName = 'noise';

/** Number of images of noise. */
const noiseCount = 200;

/** Returns images of noise, the same ones each time: SHA-256 in counter mode. */
const noise = ({graph}: TrainedNet): LabelledImages => {
	const [channels, size] = graph.images;
	const length = noiseCount * sizeOf(graph.images);
	const blocks = Array.from({length: Math.ceil(length / 32)}, (_, index) =>
		createHash('sha256').update(`stepladder noise ${index}`).digest(),
	);
	return labelledPixels(
		{name: noiseName, classes: undefined},
		{
			...{images: Buffer.concat(blocks).subarray(0, length), channels, size, file: 'noise'},
			labels: new Uint8Array(noiseCount),
			nameOf: index => `noise:${index}`,
		},
	);
};

/** Ends all runtimes that were started. */
export const closeAll = async (found: ReadonlyArray<Runtime | MissingRuntime>): Promise<void> => {
	for (const runtime of found) {
		if ('close' in runtime) {
			await runtime.close?.();
		}
	}
};
