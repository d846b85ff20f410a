import {z} from 'zod';
import type {DataSource} from '../data/data.js';
import {type SetName, setNames} from '../model/evaluate/labelled-images.js';
import {shapes} from '../validation/validate.js';
import {closeAll, compareAnswers, type ExportComparison} from './evidence.js';
import type {Format, WriteOptions} from './format.js';
import type {TrainedNet} from './read-model.js';

/** The images that an export is compared with its model on, and by what. */
export type CheckOptions = {
	/**
	 * A source of labelled images, or a path: a folder of images, a folder of IDX files, an `.npz` or a `.csv`.
	 *
	 * @default 200 images of noise
	 */
	readonly data?: DataSource | string;
	/**
	 * Which of the source's sets.
	 *
	 * @default 'test', or all images of a source without sets
	 */
	readonly set?: SetName;
	/**
	 * Images that are decoded at once.
	 *
	 * @range whole number, at least 1
	 * @unit images
	 * @default as many as the machine has cores
	 */
	readonly threads?: number;
	/**
	 * A command or the path of a Python that has PyTorch, which an export for PyTorch is checked by.
	 *
	 * @default none: such an export is not checked
	 */
	readonly python?: string;
	/** Receives progress. */
	readonly tell?: (line: string) => void;
	/** Ends the work with an {@link AbortError}. */
	readonly signal?: AbortSignal;
};

/** The shapes of {@link CheckOptions}. */
export const checkShape = {
	data: z.unknown().optional(),
	set: z.enum(setNames).optional(),
	threads: shapes.some.optional(),
	python: shapes.text.optional(),
	tell: shapes.aFunction.optional(),
	signal: shapes.signal.optional(),
} satisfies Record<keyof CheckOptions, z.ZodType>;

/**
 * Compares the files of an export with their model, by every runtime that is there.
 *
 * @param folder that of the export
 * @param net as it was written
 * @throws {DataError}, {ImageError}, {AbortError}
 */
export const compareExport = async (
	folder: string,
	net: TrainedNet,
	format: Format,
	options: WriteOptions,
	{data, set, threads, python, tell = () => {}, signal = new AbortController().signal}: CheckOptions,
): Promise<ExportComparison> => {
	const runtimes = await format.runtimes(folder, net, {...options, python, signal});
	try {
		return await compareAnswers(net, runtimes, {data, set, threads, counted: options.int8, tell, signal});
	} finally {
		await closeAll(runtimes);
	}
};
