import {z} from 'zod';
import {ConfigError} from '../errors/index.js';
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

/** Returns whether whole numbers are drawn from a range. */
export const isWhole = ({low, high}: Range): boolean => Number.isInteger(low) && Number.isInteger(high);

/** @throws {ConfigError} for varied settings from which no trials can be made */
export const checkVaried = (vary: readonly PlannedSetting[], isSampled: boolean): void => {
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
