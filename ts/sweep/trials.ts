import {ConfigError} from '../errors/index.js';
import type {Experiment} from '../experiment/experiment.js';
import {type TriedSetting, withSettings} from '../experiment/settings.js';
import {canonicalJson} from '../fs/hash.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {drawValue} from './draw-value.js';
import type {SweepPlan} from './plan.js';
import {checkVaried, isVaried, type PlannedSetting, valueAt} from './varied.js';

/** An experiment of a sweep. */
export type Trial = {
	/** The settings that differ from the step's; empty for the unchanged step. */
	readonly settings: readonly TriedSetting[];
	readonly experiment: Experiment;
};

/** The experiments of a sweep. */
export type Trials = {
	/** The unchanged step, then the different trials. */
	readonly trials: readonly Trial[];
	/** Number of trials above the limit of parameters: of a grid left out, of a sample drawn again. */
	readonly tooLarge: number;
};

/** The limit of trials: more need more than one machine. */
const maxTrials = 1000;

/** The limit of draws for one trial. */
const maxDraws = 1000;

/**
 * Returns the experiments of a sweep: the unchanged step, then the different trials.
 *
 * @throws {ConfigError} for an unknown setting, and for no trials or too many
 */
export const trialsOf = (plan: SweepPlan): readonly Trial[] => countTrials(plan).trials;

/**
 * Returns the experiments of a sweep, and the number of those that have too many parameters.
 *
 * @throws {ConfigError} for an unknown setting, and for no trials or too many
 */
export const countTrials = ({experiment, vary, sample, maxParameters}: SweepPlan): Trials => {
	checkVaried(vary, sample !== null);
	checkCount(sample?.count ?? 0);
	const isSmall = (trial: Trial): boolean =>
		maxParameters === undefined || parametersOf(trial.experiment) <= maxParameters;
	const asTrial = (settings: readonly TriedSetting[]): Trial => ({
		settings,
		experiment: withSettings(experiment, settings),
	});
	let tooLarge = 0;
	const draw = (trial: number, by: number): Trial => {
		for (let again = 0; again < maxDraws; again += 1) {
			const name = again === 0 ? `${by} ${trial}` : `${by} ${trial}.${again}`;
			const drawn = asTrial(drawSettings(vary, name));
			if (isSmall(drawn)) {
				return drawn;
			}

			tooLarge += 1;
		}

		const expected = `a limit that one of ${maxDraws} draws keeps`;
		throw new ConfigError('maxParameters', expected, String(maxParameters));
	};
	const found = new Map<string, Trial>([[canonicalJson(experiment), {settings: [], experiment}]]);
	const add = (trial: Trial): void => {
		const key = canonicalJson(trial.experiment);
		if (!found.has(key)) {
			found.set(key, trial);
		}
	};
	if (sample) {
		for (let trial = 0; trial < sample.count; trial += 1) {
			add(draw(trial, sample.draw));
		}
	} else {
		for (const trial of gridOf(vary).map(asTrial)) {
			if (isSmall(trial)) {
				add(trial);
			} else {
				tooLarge += 1;
			}
		}
	}

	if (found.size < 2) {
		const expected = 'a value that the step does not have already';
		const got = tooLarge > 0 ? `none: ${tooLarge} trials have more than ${maxParameters} parameters` : 'none';
		throw new ConfigError('vary', expected, got);
	}

	return {trials: [...found.values()], tooLarge};
};

/** Returns the number of parameters of an experiment's net. */
export const parametersOf = ({net}: Experiment): number => unwrap(native().summarize(net)).parameters;

/** Draws the settings of a trial, each by its own name. A setting whose condition is not met is left out. */
const drawSettings = (vary: readonly PlannedSetting[], name: string): TriedSetting[] => {
	const settings: TriedSetting[] = [];
	for (const varied of vary) {
		if (isVaried(varied, settings)) {
			settings.push(drawValue(varied, `${name} ${varied.path}`));
		}
	}

	return settings;
};

/**
 * Returns the settings of all trials of a grid.
 *
 * @throws {ConfigError} for too many
 */
const gridOf = (vary: readonly PlannedSetting[]): TriedSetting[][] =>
	vary.reduce<TriedSetting[][]>(
		(grid, varied) => {
			const {values = []} = varied;
			checkCount(grid.reduce((count, settings) => count + (isVaried(varied, settings) ? values.length : 1), 0));
			return grid.flatMap(settings =>
				isVaried(varied, settings) ? values.map((_, index) => [...settings, valueAt(varied, index)]) : [settings],
			);
		},
		[[]],
	);

const checkCount = (trials: number): void => {
	if (trials > maxTrials) {
		throw new ConfigError('vary', `at most ${maxTrials} trials`, String(trials));
	}
};
