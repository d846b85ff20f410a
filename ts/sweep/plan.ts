import {z} from 'zod';
import type {DataDescription} from '../data/data.js';
import {ConfigError} from '../errors/index.js';
import {differences} from '../experiment/difference.js';
import type {Experiment} from '../experiment/experiment.js';
import {type TriedSetting, withSettings} from '../experiment/settings.js';
import {sha256} from '../fs/hash.js';
import type {ImageSelection} from '../native/binding.js';
import {checkNames} from '../validation/check-names.js';
import {shapes, validate} from '../validation/validate.js';

/** A setting with the values to try: a list, or a range to draw from. */
export type Varied = {
	/** The path of the setting: `schedule.maxLearningRate`. */
	readonly path: string;
} & (
	| {
			/**
			 * The values to try; `null` removes the setting.
			 *
			 * @default `range` in its place
			 */
			readonly values: readonly unknown[];
			readonly range?: undefined;
	  }
	| {
			/**
			 * The range to draw values from, with `sample`.
			 *
			 * @default `values` in its place
			 */
			readonly range: Range;
			readonly values?: undefined;
	  }
);

/**
 * A range of numbers. If both ends are whole, whole numbers are drawn, each end included; on a log scale in proportion to the
 * share of the scale that rounds to them.
 */
export type Range = {
	/**
	 * Its lower end; above 0 on a log scale.
	 *
	 * @range number below `high`
	 * @unit the setting’s
	 */
	readonly low: number;
	/**
	 * Its upper end.
	 *
	 * @range number above `low`
	 * @unit the setting’s
	 */
	readonly high: number;
	/** Whether to draw uniformly on a log scale. */
	readonly log: boolean;
};

/** A varied setting of a plan. */
export type PlannedSetting =
	| {readonly path: string; readonly values: readonly unknown[]; readonly range?: undefined}
	| {
			readonly path: string;
			readonly range: Range & {
				/**
				 * Whether whole numbers are drawn on the log scale; `undefined` for other ranges, and in sweeps from before they were,
				 * which drew them uniformly.
				 */
				readonly wholeByLog?: true | undefined;
			};
			readonly values?: undefined;
	  };

/** The plan of a sweep: settings, data and seeds. */
export type SweepPlan = {
	readonly step: string;
	/** The unchanged step's, the baseline of the trials. */
	readonly experiment: Experiment;
	readonly data: DataDescription;
	readonly vary: readonly PlannedSetting[];
	/** The number of trials to draw at random, and the seed of the draw; `null` for the whole grid. */
	readonly sample: {readonly count: number; readonly draw: number} | null;
	readonly seeds: readonly number[];
	/** Number of held-out images: of the data's validation set, if they have one, else of training images. */
	readonly holdout: number;
	/** Number of training images to use, held-out ones among them; `null` for all. */
	readonly limitTrain: number | null;
	/**
	 * The seed by which these were drawn from each class. `undefined` if none were, and in sweeps from before there was a draw,
	 * which took the first training images and held out the last of these.
	 */
	readonly drawSeed?: number | undefined;
};

/** An experiment of a sweep. */
export type Trial = {
	/** The settings that differ from the step's; empty for the unchanged step. */
	readonly settings: readonly TriedSetting[];
	readonly experiment: Experiment;
};

/** Returns which images the runs of a sweep select. */
export const selectionOf = ({data, holdout, limitTrain, drawSeed}: SweepPlan): ImageSelection => ({
	judgeTest: false,
	...(data.validation === undefined && {holdout}),
	...(limitTrain !== null && {limitTrain}),
	...(drawSeed !== undefined && {drawSeed}),
});

/** Returns the number of images that the runs of a sweep train on. */
export const trainedOn = ({data, limitTrain, holdout}: SweepPlan): number =>
	Math.min(limitTrain ?? data.train, data.train) - (data.validation === undefined ? holdout : 0);

const number = z.custom<number>(value => typeof value === 'number', 'a number');

/** A varied setting, as it is stored. */
export const variedShape = z.union([
	z.strictObject({path: shapes.text, values: z.array(z.unknown())}),
	z.strictObject({
		path: shapes.text,
		range: z.strictObject({low: number, high: number, log: z.boolean(), wholeByLog: z.literal(true).optional()}),
	}),
]);

/**
 * Checks the varied settings.
 *
 * @throws {ConfigError} if one has neither values nor a range
 */
export const checkVary = (vary: unknown): void => {
	for (const [index, given] of (Array.isArray(vary) ? vary : []).entries()) {
		const varied: Partial<Varied> = given ?? {};
		checkNames(varied, ['path', 'values', 'range'] satisfies Array<keyof Varied>, `vary.${index}`);
		checkNames(varied.range ?? {}, ['low', 'high', 'log'] satisfies Array<keyof Range>, `vary.${index}.range`);
	}

	const varied = z.custom<Varied>(value => {
		const {path, values, range} = (value ?? {}) as Partial<Varied>;
		return variedShape.safeParse({path, ...(values !== undefined && {values}), ...(range !== undefined && {range})})
			.success;
	}, 'a `path` with a list of `values`, or with a `range` of `low`, `high` and `log`');
	validate(z.object({vary: z.array(varied, 'a list of settings, each with a list of values')}), {vary}, 'vary');
};

/** Returns a varied setting as a plan keeps it. */
export const asPlanned = ({path, values, range}: Varied): PlannedSetting => {
	if (!range) {
		return {path, values: [...values]};
	}

	const {low, high, log} = range;
	return {path, range: {low, high, log, ...(log && isWhole(range) && {wholeByLog: true})}};
};

const isWhole = ({low, high}: Range): boolean => Number.isInteger(low) && Number.isInteger(high);

/** The limit of trials: more need more than one machine. */
const maxTrials = 1000;

/**
 * Returns the experiments of a sweep: the unchanged step, then the different trials.
 *
 * @throws {ConfigError} for an unknown setting, and for no trials or too many
 */
export const trialsOf = ({experiment, vary, sample}: SweepPlan): Trial[] => {
	checkVaried(vary, sample !== null);
	const count = sample?.count ?? vary.reduce((product, {values}) => product * (values?.length ?? 1), 1);
	if (count > maxTrials) {
		throw new ConfigError('vary', `at most ${maxTrials} trials`, String(count));
	}

	const settingsOfTrials = sample
		? Array.from({length: sample.count}, (_, trial) =>
				vary.map(varied => ({path: varied.path, value: drawValue(varied, `${sample.draw} ${trial} ${varied.path}`)})),
			)
		: vary.reduce<TriedSetting[][]>(
				(grid, {path, values = []}) => grid.flatMap(settings => values.map(value => [...settings, {path, value}])),
				[[]],
			);
	const trials: Trial[] = [{settings: [], experiment}];
	for (const settings of settingsOfTrials) {
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

const checkVaried = (vary: readonly PlannedSetting[], isSampled: boolean): void => {
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

/** Draws a value by the hash of a name, so that a resumed sweep draws the same. */
const drawValue = ({values, range}: PlannedSetting, name: string): unknown => {
	const share = Number.parseInt(sha256(name).slice(0, 13), 16) / 16 ** 13; // in [0, 1)
	if (!range) {
		return values[Math.floor(share * values.length)];
	}

	const {low, high, log, wholeByLog} = range;
	if (wholeByLog) {
		const [from, to] = [low - 0.5, high + 0.5]; // what rounds to the ends
		return Math.min(Math.round(from * (to / from) ** share), high);
	}

	if (isWhole(range)) {
		return low + Math.floor(share * (high - low + 1));
	}

	const value = log ? low * (high / low) ** share : low + share * (high - low);
	return Number(value.toPrecision(4)); // short enough to type
};
