import {z} from 'zod';
import type {DataDescription} from '../data/data.js';
import {ConfigError} from '../errors/index.js';
import {holm} from '../statistics/holm.js';
import {type PairedDifference, pairedDifference} from '../statistics/paired.js';
import {type Spread, spread} from '../statistics/spread.js';
import {setting} from '../text/setting.js';
import {sha256} from '../text/sha256.js';
import {show} from '../text/show.js';
import {differences} from './difference.js';
import type {Engine} from './events.js';
import {asExperiment, type Experiment} from './experiment.js';
import {judged, shapes} from './judged.js';
import {lastEpochs} from './measures.js';
import {isPlain, merge} from './merge.js';
import type {Condition} from './record.js';

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

/** A setting as a trial has it; `null` where it has none. */
export type TriedSetting = {readonly path: string; readonly value: unknown};

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
	judged(z.object({vary: z.array(varied, 'a list of settings, each with a list of values')}), {vary}, 'vary');
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

/**
 * An experiment with other settings.
 *
 * @throws {ConfigError} for a setting that nobody knows, and a value of another type
 */
export const withSettings = (experiment: Experiment, settings: readonly TriedSetting[]): Experiment =>
	asExperiment(settings.reduce<unknown>((whole, {path, value}) => merge(whole, change(path, value)), experiment));

/** A change of one setting, at any depth. */
const change = (path: string, value: unknown): unknown =>
	path.split('.').reduceRight<unknown>((inner, key) => Object.fromEntries([[key, inner]]), value ?? undefined);

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

/** What a trial is, in words: `schedule.maxLearningRate 0.05`. */
export const trialName = ({settings}: Pick<Trial, 'settings'>): string =>
	settings.length === 0 ? 'as it is' : settings.map(({path, value}) => `${path} ${shownValue(value)}`).join(', ');

const shownValue = (value: unknown): string =>
	value === null
		? 'none'
		: isPlain(value)
			? `(${Object.entries(value)
					.map(([key, part]) => `${key} ${shownValue(part)}`)
					.join(', ')})`
			: typeof value === 'string'
				? value
				: setting(value);

/** One epoch of one seed of a trial. The test images have no part in it. */
export type SweptEpoch = {
	/** 0 for the step as it is. */
	readonly trial: number;
	readonly seed: number;
	/** 1 for the first. */
	readonly epoch: number;
	readonly trainLoss: number;
	readonly trainCorrect: number;
	/** On the training images that were kept aside. */
	readonly holdoutLoss: number;
	readonly holdoutCorrect: number;
	readonly seconds: number;
};

/** What one seed of a trial came to beside its epochs. */
export type SweptRun = {
	readonly trial: number;
	readonly seed: number;
	readonly engine: Engine;
	readonly device: string;
	readonly threads: number;
	/** The epoch in which the loss stopped being a finite number, and the run ended; `null` where it did not. */
	readonly diverged: number | null;
	readonly seconds: number;
	/** When it began. */
	readonly begun: string;
	/** Which of the record's conditions it ran under. */
	readonly condition: number;
};

/** All that is kept of a sweep. */
export type SweepRecord = {
	readonly plan: SweepPlan;
	readonly conditions: readonly Condition[];
	/** Of every seed of every trial, in their order. */
	readonly runs: readonly SweptRun[];
	/** Every epoch of each of them, in their order. */
	readonly epochs: readonly SweptEpoch[];
};

/** What a trial came to. */
export type SweptTrial = {
	/** In words: `schedule.maxLearningRate 0.05`. */
	readonly name: string;
	readonly settings: readonly TriedSetting[];
	/** Accuracy on the images kept aside, the mean of the last five epochs; nothing where every seed diverged. */
	readonly holdout: (Spread & {readonly bySeed: ReadonlyMap<number, number>}) | undefined;
	/** Seeds that diverged. */
	readonly diverged: readonly number[];
	/** From the step as it is, paired over seeds that diverged with neither; nothing for that itself, and without such seeds. */
	readonly difference: PairedDifference | undefined;
	/** The test's probability, corrected by Holm for how many were tried; 1 where there is none. */
	readonly corrected: number;
	/** Whether this is below 5 %. */
	readonly told: boolean;
};

/** A sweep as targets see it. */
export type Swept = {
	readonly name: string;
	readonly step: string;
	readonly seeds: readonly number[];
	/** Training images that were kept aside. */
	readonly holdout: number;
	readonly epochs: number;
	/** The step as it is. */
	readonly base: SweptTrial;
	/** What was tried beside it. */
	readonly trials: readonly SweptTrial[];
	readonly record: SweepRecord;
};

/** Works out what a sweep came to. */
export const swept = (name: string, record: SweepRecord): Swept => {
	const {plan, runs, epochs} = record;
	const found = trialsOf(plan).map(({settings}, trial) => {
		const own = runs.filter(run => run.trial === trial);
		const whole = own.filter(({diverged}) => diverged === null).map(({seed}) => seed);
		const bySeed = new Map(
			whole.map(seed => {
				const last = epochs.filter(row => row.trial === trial && row.seed === seed).slice(-lastEpochs);
				return [seed, last.reduce((sum, {holdoutCorrect}) => sum + holdoutCorrect, 0) / (last.length * plan.holdout)];
			}),
		);
		const holdout = whole.length > 0 ? {...spread([...bySeed.values()]), bySeed} : undefined;
		const diverged = own.flatMap(({seed, diverged}) => (diverged === null ? [] : [seed]));
		return {name: trialName({settings}), settings, holdout, diverged};
	});
	const [base, ...trials] = found;
	if (!base) {
		throw new ConfigError('sweep', 'with the step as it is', show(name));
	}

	const compared = trials.map(({holdout}) => {
		const common = base.holdout && holdout && [...holdout.bySeed.keys()].some(seed => base.holdout?.bySeed.has(seed));
		return common && base.holdout && holdout ? pairedDifference(holdout.bySeed, base.holdout.bySeed) : undefined;
	});
	const corrected = holm(
		compared.map(difference => (difference && difference.difference.values.length > 1 ? difference.pValue : 1)),
	);
	return {
		...{name, step: plan.step, seeds: plan.seeds, holdout: plan.holdout, epochs: plan.experiment.epochs, record},
		base: {...base, difference: undefined, corrected: 1, told: false},
		trials: trials.map((trial, index) => {
			const p = corrected[index] ?? 1;
			return {...trial, difference: compared[index], corrected: p, told: p < 0.05};
		}),
	};
};
