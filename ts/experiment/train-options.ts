import {ConfigError} from '../errors/index.js';
import {show} from './show.js';

/** Where and how a step is trained. */
export type TrainOptions = {
	/**
	 * One run each.
	 *
	 * @default [1]
	 */
	readonly seeds?: readonly number[];
	/**
	 * Passes over the training set, in place of the step's own.
	 */
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
	/**
	 * A folder with four IDX files named as MNIST's, plain or `.gz`.
	 *
	 * @default MNIST
	 */
	readonly dataDir?: string;
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

/** Names and types; which numbers make sense is the trainer's to judge. */
export const checkTypes = (options: TrainOptions): void => {
	const known = new Set(Object.keys(optionChecks));
	for (const [setting, value] of Object.entries(options)) {
		if (!known.has(setting)) {
			throw new ConfigError(setting, `left out (the options are ${[...known].join(', ')})`, show(value));
		}

		const {expected, is} = optionChecks[setting as keyof TrainOptions];
		if (value !== undefined && !is(value)) {
			throw new ConfigError(setting, expected, show(value));
		}
	}
};

type OptionCheck = {readonly expected: string; readonly is: (value: unknown) => boolean};

const aNumber: OptionCheck = {expected: 'a whole number', is: value => typeof value === 'number'};
const aPath: OptionCheck = {expected: 'a path', is: value => typeof value === 'string' && value !== ''};
const oneOf = (...names: string[]): OptionCheck => ({
	expected: `one of ${names.map(name => `\`${name}\``).join(', ')}`,
	is: value => names.includes(value as string),
});

const optionChecks: Record<keyof TrainOptions, OptionCheck> = {
	seeds: {
		expected: 'a list of different whole numbers, at least one',
		is: value =>
			Array.isArray(value) &&
			value.length > 0 &&
			value.every(seed => typeof seed === 'number') &&
			new Set(value).size === value.length,
	},
	epochs: aNumber,
	device: oneOf('auto', 'cpu', 'cuda'),
	engine: oneOf('auto', 'aten', 'fused'),
	threads: aNumber,
	jobs: aNumber,
	dataDir: aPath,
	limitTrain: aNumber,
	limitTest: aNumber,
	holdout: aNumber,
	out: aPath,
	signal: {expected: 'an AbortSignal', is: value => value instanceof AbortSignal},
};
