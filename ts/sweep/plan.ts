import {z} from 'zod';
import type {DataDescription} from '../data/data.js';
import {ConfigError} from '../errors/index.js';
import {differences} from '../experiment/difference.js';
import type {Experiment} from '../experiment/experiment.js';
import {type TriedSetting, withSettings} from '../experiment/settings.js';
import {sha256} from '../fs/hash.js';
import {shapes, validate} from '../validation/validate.js';

/** The values that a setting is tried with: all of them, or what is drawn from a range. */
export type Varied = {
	/** The setting as a step's file spells it: `schedule.maxLearningRate`. */
	readonly path: string;
} & (
	| {
			/** `null` takes the setting away. */
			readonly values: readonly unknown[];
			readonly range?: undefined;
	  }
	| {readonly range: Range; readonly values?: undefined}
);

/** Numbers to draw from. Where both ends are whole, whole numbers are drawn. */
export type Range = {
	readonly low: number;
	readonly high: number;
	/** Whether each order of magnitude is as likely as another, rather than each number. */
	readonly log: boolean;
};

/** What a sweep is to try, and on what. */
export type SweepPlan = {
	readonly step: string;
	/** The step's as it is, by which the trials are measured. */
	readonly experiment: Experiment;
	readonly data: DataDescription;
	readonly vary: readonly Varied[];
	/** How many trials are drawn at random, by which draw; `null` for the whole grid. */
	readonly sample: {readonly count: number; readonly draw: number} | null;
	readonly seeds: readonly number[];
	/** The last so many training images are kept aside, to choose by. */
	readonly holdout: number;
	/** The first so many training images; `null` for all. */
	readonly limitTrain: number | null;
};

/** One of the experiments of a sweep. */
export type Trial = {
	/** What differs from the step as it is; nothing for that itself. */
	readonly settings: readonly TriedSetting[];
	readonly experiment: Experiment;
};

const number = z.custom<number>(value => typeof value === 'number', 'a number');

/** A setting with what it is tried with, as it is kept. */
export const variedShape = z.union([
	z.strictObject({path: shapes.text, values: z.array(z.unknown())}),
	z.strictObject({path: shapes.text, range: z.strictObject({low: number, high: number, log: z.boolean()})}),
]);

/** @throws {ConfigError} for what is no list of settings with what they are tried with */
export const checkVary = (vary: unknown): void => {
	const varied = z.custom<Varied>(value => {
		const {path, values, range} = (value ?? {}) as Partial<Varied>;
		return variedShape.safeParse({path, ...(values !== undefined && {values}), ...(range !== undefined && {range})})
			.success;
	}, 'a `path` with a list of `values`, or with a `range` of `low`, `high` and `log`');
	validate(z.object({vary: z.array(varied, 'a list of settings, each with a list of values')}), {vary}, 'vary');
};

/** What a sweep may try at most: more belongs on more than one machine. */
const mostTrials = 1000;

/**
 * The experiments of a sweep: first the step as it is, then what is tried, each once.
 *
 * @throws {ConfigError} for a setting that nobody knows, and where nothing would be tried, or too much
 */
export const trialsOf = ({experiment, vary, sample}: SweepPlan): Trial[] => {
	checkVaried(vary, sample !== null);
	const count = sample?.count ?? vary.reduce((product, {values}) => product * (values?.length ?? 1), 1);
	if (count > mostTrials) {
		throw new ConfigError('vary', `at most ${mostTrials} trials`, String(count));
	}

	const tried = sample
		? Array.from({length: sample.count}, (_, trial) =>
				vary.map(varied => ({path: varied.path, value: drawn(varied, `${sample.draw} ${trial} ${varied.path}`)})),
			)
		: vary.reduce<TriedSetting[][]>(
				(grid, {path, values = []}) => grid.flatMap(settings => values.map(value => [...settings, {path, value}])),
				[[]],
			);
	const trials: Trial[] = [{settings: [], experiment}];
	for (const settings of tried) {
		const trial = {settings, experiment: withSettings(experiment, settings)};
		if (trials.every(other => differences(other.experiment, trial.experiment).length > 0)) {
			trials.push(trial);
		}
	}

	if (trials.length < 2) {
		throw new ConfigError('vary', 'a value that the step does not have already', 'none');
	}

	return trials;
};

const checkVaried = (vary: readonly Varied[], isSampled: boolean): void => {
	const paths = vary.map(({path}) => path);
	if (vary.length === 0) {
		throw new ConfigError('vary', 'at least one setting with its values', 'none');
	}

	const twice = paths.find((path, index) => paths.indexOf(path) !== index);
	if (twice !== undefined) {
		throw new ConfigError('vary', 'each setting once', `\`${twice}\` twice`);
	}

	for (const {path, values, range} of vary) {
		if (range && !isSampled) {
			throw new ConfigError(
				`vary.${path}`,
				'a list of values, or a number of trials to draw with `--sample`',
				'a range',
			);
		}

		if (values?.length === 0) {
			throw new ConfigError(`vary.${path}`, 'at least one value', 'none');
		}

		if (range && !(range.low < range.high && (!range.log || range.low > 0))) {
			const wanted = range.log ? 'a range that goes up, from above 0' : 'a range that goes up';
			throw new ConfigError(`vary.${path}`, wanted, `${range.low}..${range.high}`);
		}
	}
};

/** A value by its name: a sweep that goes on draws what it drew before. */
const drawn = ({values, range}: Varied, name: string): unknown => {
	const share = Number.parseInt(sha256(name).slice(0, 13), 16) / 16 ** 13; // in [0, 1)
	if (!range) {
		return values[Math.floor(share * values.length)];
	}

	const {low, high, log} = range;
	if (Number.isInteger(low) && Number.isInteger(high)) {
		return low + Math.floor(share * (high - low + 1));
	}

	const value = log ? low * (high / low) ** share : low + share * (high - low);
	return Number(value.toPrecision(4)); // so that it can be typed
};
