import {z} from 'zod';
import type {DataSource} from '../data/data.js';
import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {checkWhere, type Where} from '../slurm/options.js';
import {isPath} from '../validation/check-path.js';
import {shapes, validate} from '../validation/validate.js';

/** The options of a training. */
export type TrainOptions = Where & {
	/** The data source: `ladder.data`, or another. Its relative paths start from the working folder. */
	readonly data: DataSource;
	/**
	 * The seeds, one run each.
	 *
	 * @range different whole numbers from 0 to 4294967295, 1 to 10000 of them
	 * @unit seeds
	 * @default [1]
	 */
	readonly seeds?: readonly number[];
	/**
	 * Passes over the training set, in place of the step's own.
	 *
	 * @range whole number from 1 to 10000
	 * @unit epochs
	 * @default the step’s
	 */
	readonly epochs?: number;
	/**
	 * Where to train.
	 *
	 * @default 'auto': CUDA if it is available, else the CPU
	 */
	readonly device?: 'auto' | 'cpu' | 'cuda';
	/**
	 * The engine that computes losses and gradients.
	 *
	 * @default 'auto': `fused` on the CPU, `aten` on CUDA
	 */
	readonly engine?: 'auto' | 'aten' | 'fused';
	/**
	 * Threads of one run.
	 *
	 * @range whole number from 1 to 1024
	 * @unit threads
	 * @default the number of cores for one seed, 1 for several
	 */
	readonly threads?: number;
	/**
	 * Number of seeds trained at once.
	 *
	 * @range whole number from 1 to 1024
	 * @unit seeds
	 * @default the number of cores over `threads`
	 */
	readonly jobs?: number;
	/**
	 * Trains on so many training images, drawn from each class in proportion: the same ones whatever the order of the files.
	 *
	 * @range whole number from 1 to 4294967295
	 * @unit images
	 * @default all
	 */
	readonly limitTrain?: number;
	/**
	 * Tests on so many test images, drawn likewise.
	 *
	 * @range whole number from 1 to 4294967295
	 * @unit images
	 * @default all
	 */
	readonly limitTest?: number;
	/**
	 * Holds out so many training images as a validation set, drawn likewise. Data with a validation set of their own hold
	 * that out, and nothing else.
	 *
	 * @range whole number from 1 to 4294967295
	 * @unit images
	 * @default none
	 */
	readonly holdout?: number;
	/**
	 * The parent of the runs' folders, each with configuration, log, model and result; without it nothing is saved.
	 *
	 * @default none: nothing is saved
	 */
	readonly out?: string;
	/**
	 * A folder for TensorBoard (`tensorboard --logdir`), where each run writes a file of events, an epoch at a time: its losses,
	 * accuracies and learning rate, and its settings. A run that is resumed goes on there.
	 *
	 * @default none: no events are written
	 */
	readonly tensorboard?: string;
	/** Stops the training within a batch: the iterator and `result` then throw an {@link AbortError}. */
	readonly signal?: AbortSignal;
};

/** For numbers that are not passed on; the trainer checks the others, so that their limits are in one place. */
const count = (most: number) =>
	z.custom<number>(
		value => Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most,
		`a whole number from 1 to ${most}`,
	);
const number = z.custom<number>(value => typeof value === 'number', 'a whole number');
const passed = z.unknown().optional(); // see `checkWhere`
const path = z.custom<string>(isPath, 'a path');
/** A list of seeds. */
export const seedsShape = z.custom<readonly number[]>(
	value =>
		Array.isArray(value) &&
		value.length > 0 &&
		value.length <= 10_000 &&
		value.every(seed => Number.isSafeInteger(seed) && seed >= 0 && seed <= 0xff_ff_ff_ff) &&
		new Set(value).size === value.length,
	'a list of different whole numbers from 0 to 4294967295, at least one and at most 10,000',
);

const shape = {
	data: z.custom<DataSource>(
		value => typeof (value as DataSource | undefined)?.open === 'function',
		'a source of data, such as `ladder.data` or `idx(FOLDER)`',
	),
	seeds: seedsShape.optional(),
	epochs: number.optional(),
	device: z.enum(['auto', 'cpu', 'cuda']).optional(),
	engine: z.enum(['auto', 'aten', 'fused']).optional(),
	threads: count(1024).optional(),
	jobs: count(1024).optional(),
	limitTrain: number.optional(),
	limitTest: number.optional(),
	holdout: number.optional(),
	out: path.optional(),
	tensorboard: path.optional(),
	...{on: passed, slurm: passed, detach: passed, report: passed},
	signal: shapes.signal.optional(),
} satisfies Record<keyof TrainOptions, z.ZodType>;

/** Made once: zod compiles it, which takes longer than the check. */
const schema = z.strictObject(shape, 'an object');

export const trainOptionNames = Object.keys(shape) as ReadonlyArray<keyof TrainOptions>;

/**
 * Checks that there are seeds, where results are saved by seed and there is no default.
 *
 * @throws {ConfigError}
 */
export const requireSeeds = (seeds: unknown): void => {
	if (!Array.isArray(seeds) || seeds.length === 0) {
		throw new ConfigError('seeds', 'a list of different whole numbers, at least one', formatValue(seeds));
	}
};

/**
 * Checks names and types of options; the trainer checks the ranges of numbers.
 *
 * @throws {ConfigError} for unknown options, or else for the first one of another type
 */
export const checkTrainOptions = (options: unknown): void => {
	validate(schema, options, 'options');
	checkWhere(options as Where);
	const {on, out} = options as Partial<TrainOptions>;
	if (on === 'slurm' && out === undefined) {
		throw new ConfigError('out', 'the folder of the runs, which tasks of Slurm need', 'undefined');
	}
};
