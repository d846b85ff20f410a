import {z} from 'zod';
import {ConfigError} from '../errors/index.js';
import type {TriedSetting} from '../experiment/settings.js';
import {formatSetting, formatValue} from '../format/value.js';
import {canonicalJson} from '../fs/hash.js';
import {checkNames} from '../validation/check-names.js';
import {shapes, validate} from '../validation/validate.js';

/** A setting with the values to try: a list, or a range to draw from. */
export type Varied = {
	/** The path of the setting: `schedule.maxLearningRate`. */
	readonly path: string;
	/**
	 * The condition under which it is varied; other trials keep the step’s own.
	 *
	 * @default always
	 */
	readonly when?: When;
} & (
	| {
			/**
			 * The values to try; `null` removes the setting.
			 *
			 * @default `range` in its place
			 */
			readonly values: readonly unknown[];
			/**
			 * A name for each value, such as that of the file it is from. A named value replaces the setting as a whole; others are
			 * merged into the step’s own.
			 *
			 * @range different texts, one for each of `values`
			 * @default none
			 */
			readonly labels?: readonly string[];
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
			readonly labels?: undefined;
	  }
);

/** A condition on another varied setting. */
export type When = {
	/** The path of a setting that is varied before this one. */
	readonly path: string;
	/** The values of it, or their labels, with which this one is varied. */
	readonly values: readonly unknown[];
};

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
export type PlannedSetting = {
	readonly path: string;
	/** The condition; `undefined` for none. */
	readonly when?: When | undefined;
} & (
	| {
			readonly values: readonly unknown[];
			/** The names of the values; `undefined` for values that have none. */
			readonly labels?: readonly string[] | undefined;
			readonly range?: undefined;
	  }
	| {
			readonly range: Range & {
				/**
				 * Whether whole numbers are drawn on the log scale; `undefined` for other ranges, and in sweeps from before they were,
				 * which drew them uniformly.
				 */
				readonly wholeByLog?: true | undefined;
			};
			readonly values?: undefined;
			readonly labels?: undefined;
	  }
);

const number = z.custom<number>(value => typeof value === 'number', 'a number');

const whenShape = z.strictObject({
	path: shapes.text,
	values: z.array(z.unknown()).min(1, 'a list of at least one value'),
});
const rangeShape = z.strictObject({
	low: number,
	high: number,
	log: z.boolean(),
	wholeByLog: z.literal(true).optional(),
});

/** A varied setting, as it is stored. */
export const variedShape = z.union([
	z.strictObject({
		...{path: shapes.text, values: z.array(z.unknown()), labels: z.array(shapes.text).optional()},
		when: whenShape.optional(),
	}),
	z.strictObject({path: shapes.text, range: rangeShape, when: whenShape.optional()}),
]);

/**
 * Checks the varied settings.
 *
 * @throws {ConfigError} if one has neither values nor a range
 */
export const checkVary = (vary: unknown): void => {
	for (const [index, given] of (Array.isArray(vary) ? vary : []).entries()) {
		const varied: Partial<Varied> = given ?? {};
		const known = ['path', 'values', 'labels', 'range', 'when'] satisfies Array<keyof Varied>;
		checkNames(varied, known, `vary.${index}`);
		checkNames(varied.range ?? {}, ['low', 'high', 'log'] satisfies Array<keyof Range>, `vary.${index}.range`);
		checkNames(varied.when ?? {}, ['path', 'values'] satisfies Array<keyof When>, `vary.${index}.when`);
	}

	const varied = z.custom<Varied>(value => {
		const given = Object.entries((value ?? {}) as Partial<Varied>).filter(([, part]) => part !== undefined);
		return variedShape.safeParse(Object.fromEntries(given)).success;
	}, 'a `path` with a list of `values`, or with a `range` of `low`, `high` and `log`');
	validate(z.object({vary: z.array(varied, 'a list of settings, each with a list of values')}), {vary}, 'vary');
};

/** Returns a varied setting as a plan keeps it. */
export const asPlanned = ({path, values, labels, range, when}: Varied): PlannedSetting => {
	const condition = when && {when: {path: when.path, values: [...when.values]}};
	if (!range) {
		return {path, values: [...values], ...(labels && {labels: [...labels]}), ...condition};
	}

	const {low, high, log} = range;
	return {path, range: {low, high, log, ...(log && isWhole(range) && {wholeByLog: true})}, ...condition};
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

	for (const [index, {path, values, labels, range, when}] of vary.entries()) {
		if (range && !isSampled) {
			throw new ConfigError(
				`vary.${path}`,
				'a list of values, or a number of trials to draw with `--sample`',
				'a range',
			);
		}

		if (labels && (labels.length !== values.length || new Set(labels).size !== labels.length)) {
			throw new ConfigError(`vary.${path}.labels`, 'a different label for each value', formatValue(labels));
		}

		if (when && !paths.slice(0, index).includes(when.path)) {
			const expected = 'a setting that is varied before it';
			const sentence = `\`${path}\` is varied if \`${when.path}\` has some values: expected that to be ${expected}`;
			throw new ConfigError(`vary.${path}.when.path`, expected, when.path, sentence);
		}

		const parent = when && vary.find(other => other.path === when.path);
		const unknown = when?.values.find(value => parent?.values && !chosen(parent, value));
		if (when && unknown !== undefined) {
			const known = parent?.labels ?? parent?.values ?? [];
			throw new ConfigError(
				`vary.${path}.when.values`,
				`values of \`${when.path}\` (${known.map(formatSetting).join(', ')})`,
				formatValue(unknown),
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

const chosen = ({values = [], labels}: PlannedSetting, value: unknown): boolean =>
	[...values, ...(labels ?? [])].some(known => canonicalJson(known) === canonicalJson(value));

/** Returns the value of a varied setting by its position in the list. */
export const valueAt = ({path, values = [], labels}: PlannedSetting, index: number): TriedSetting => ({
	...{path, value: values[index]},
	...(labels && {label: labels[index] ?? ''}),
});

/** Returns whether a setting is varied in a trial with these settings, which were chosen before it. */
export const isVaried = ({when}: PlannedSetting, settings: readonly TriedSetting[]): boolean => {
	const other = when && settings.find(({path}) => path === when.path);
	return (
		!when ||
		(other !== undefined &&
			when.values.some(value => value === other.label || canonicalJson(value) === canonicalJson(other.value)))
	);
};

/** The scale of a range: its logarithm or the range itself, with what rounds to the ends of a range of whole numbers. */
export const scaleOf = (range: Range): {low: number; high: number; at: (value: number) => number} => {
	const half = isWhole(range) ? 0.5 : 0;
	const at = (value: number): number => (range.log ? Math.log(value) : value);
	return {low: at(range.low - half), high: at(range.high + half), at};
};
