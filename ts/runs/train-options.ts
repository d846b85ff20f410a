import {z} from 'zod';
import type {DataSource} from '../data/data.js';
import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {isPath} from '../validation/check-path.js';
import {shapes, unknownName} from '../validation/validate.js';

/** Where and how a step is trained. */
export type TrainOptions = {
	/** What is learned: `ladder.data`, or a source of your own. Relative paths in it start from the working folder. */
	readonly data: DataSource;
	/**
	 * One run each.
	 *
	 * @default [1]
	 */
	readonly seeds?: readonly number[];
	/** Passes over the training set, in place of the step's own. */
	readonly epochs?: number;
	/**
	 * @default 'auto': CUDA where it is available, else the CPU
	 */
	readonly device?: 'auto' | 'cpu' | 'cuda';
	/**
	 * What computes losses and gradients.
	 *
	 * @default 'auto'
	 */
	readonly engine?: 'auto' | 'aten' | 'fused';
	/**
	 * Threads of one run.
	 *
	 * @default the number of cores for one seed, 1 for several
	 */
	readonly threads?: number;
	/**
	 * Seeds that are trained at once.
	 *
	 * @default the number of cores over `threads`
	 */
	readonly jobs?: number;
	/** The first so many training images. */
	readonly limitTrain?: number;
	/** The first so many test images. */
	readonly limitTest?: number;
	/** The last so many training images are kept aside, to choose by: nothing is learned from them. */
	readonly holdout?: number;
	/** Where each run gets a folder of its own, with its configuration, log, model and result; kept nowhere without. */
	readonly out?: string;
	/** Ends the run within a batch: the iterator and `result` then throw an {@link AbortError}. */
	readonly signal?: AbortSignal;
};

/** A number of its own check: the trainer judges the others, so that there is one place that knows. */
const count = (most: number) =>
	z.custom<number>(
		value => Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most,
		`a whole number from 1 to ${most}`,
	);
const number = z.custom<number>(value => typeof value === 'number', 'a whole number');
const path = z.custom<string>(isPath, 'a path');
const choice = <Name extends string>(...names: Name[]) =>
	z.custom<Name>(
		value => (names as unknown[]).includes(value),
		`one of ${names.map(name => `\`${name}\``).join(', ')}`,
	);

const shape = {
	data: z.custom<DataSource>(
		value => typeof (value as DataSource | undefined)?.open === 'function',
		'a source of data, such as `ladder.data` or `idx(FOLDER)`',
	),
	seeds: z
		.custom<readonly number[]>(
			value =>
				Array.isArray(value) &&
				value.length > 0 &&
				value.length <= 10_000 &&
				value.every(seed => Number.isSafeInteger(seed) && seed >= 0 && seed <= 0xff_ff_ff_ff) &&
				new Set(value).size === value.length,
			'a list of different whole numbers from 0 to 4294967295, at least one and at most 10,000',
		)
		.optional(),
	epochs: number.optional(),
	device: choice('auto', 'cpu', 'cuda').optional(),
	engine: choice('auto', 'aten', 'fused').optional(),
	threads: count(1024).optional(),
	jobs: count(1024).optional(),
	limitTrain: number.optional(),
	limitTest: number.optional(),
	holdout: number.optional(),
	out: path.optional(),
	signal: shapes.signal.optional(),
} satisfies Record<keyof TrainOptions, z.ZodType>;

/** @throws {ConfigError} where no seeds are given: for what keeps its results under them, there is no default */
export const requireSeeds = (seeds: unknown): void => {
	if (!Array.isArray(seeds) || seeds.length === 0) {
		throw new ConfigError('seeds', 'a list of different whole numbers, at least one', formatValue(seeds));
	}
};

/**
 * Names and types; which numbers make sense is the trainer's to judge.
 *
 * @throws {ConfigError} for the first option that is unknown or of another type
 */
export const checkTrainOptions = (options: unknown): void => {
	const parsed = z.strictObject(shape).safeParse(options);
	const issue = parsed.error?.issues[0];
	if (!issue) {
		return;
	}

	if (issue.code === 'unrecognized_keys') {
		const [key = ''] = issue.keys;
		throw unknownName(key, Object.keys(shape));
	}

	const [setting] = issue.path;
	if (setting === undefined) {
		throw new ConfigError('options', 'an object', formatValue(options));
	}

	throw new ConfigError(
		String(setting),
		issue.message,
		formatValue((options as Record<PropertyKey, unknown>)[setting]),
	);
};
