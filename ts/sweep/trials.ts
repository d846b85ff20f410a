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

/** The limit of trials: more need more than one machine. */
const maxTrials = 1000;

/** The limit of draws for one trial. */
const maxDraws = 1000;

/** The experiments of a sweep: the unchanged step, then the different trials, in the order in which they are added. */
export class TrialList {
	readonly #plan: Pick<SweepPlan, 'experiment' | 'maxParameters'>;
	readonly #trials = new Map<string, Trial>();
	readonly #rejected: Array<readonly TriedSetting[]> = [];

	constructor(plan: Pick<SweepPlan, 'experiment' | 'maxParameters'>) {
		this.#plan = plan;
		this.#trials.set(canonicalJson(plan.experiment), {settings: [], experiment: plan.experiment});
	}

	get trials(): readonly Trial[] {
		return [...this.#trials.values()];
	}

	/** Number of trials above the limit of parameters: of a grid left out, of a sample drawn again. */
	get tooLarge(): number {
		return this.#rejected.length;
	}

	/** The settings of those. */
	get rejected(): ReadonlyArray<readonly TriedSetting[]> {
		return this.#rejected;
	}

	/**
	 * Adds a trial, unless it equals another one or has too many parameters.
	 *
	 * @returns whether it has not
	 * @throws {ConfigError} for an unknown setting
	 */
	add(settings: readonly TriedSetting[]): boolean {
		const {experiment: unchanged, maxParameters = Number.POSITIVE_INFINITY} = this.#plan;
		const experiment = withSettings(unchanged, settings);
		if (Number.isFinite(maxParameters) && parametersOf(experiment) > maxParameters) {
			this.#rejected.push(settings);
			return false;
		}

		const key = canonicalJson(experiment);
		if (!this.#trials.has(key)) {
			this.#trials.set(key, {settings, experiment});
		}

		return true;
	}

	/**
	 * Adds the first trial of a series of draws that has not too many parameters.
	 *
	 * @param draw returns settings by a name, and by how many draws there were
	 * @throws {ConfigError} if there is none among the first thousand
	 */
	addDrawn(name: string, draw: (name: string, again: number) => readonly TriedSetting[]): void {
		for (let again = 0; again < maxDraws; again += 1) {
			if (this.add(draw(again === 0 ? name : `${name}.${again}`, again))) {
				return;
			}
		}

		const expected = `a limit that one of ${maxDraws} draws keeps`;
		throw new ConfigError('maxParameters', expected, String(this.#plan.maxParameters));
	}
}

/**
 * Returns the experiments of a plan: its grid or its sample, with random draws in the place of those that a search proposes.
 *
 * @throws {ConfigError} for an unknown setting, and for no trials or too many
 */
export const trialsOf = (plan: SweepPlan): readonly Trial[] => listTrials(plan).trials;

/**
 * Returns the experiments of a plan, and the number of those that have too many parameters.
 *
 * @throws {ConfigError} for an unknown setting, and for no trials or too many
 */
export const listTrials = (plan: SweepPlan): TrialList => {
	const {vary, sample, maxParameters} = plan;
	checkVaried(vary, sample !== null);
	checkCount(sample?.count ?? 0);
	const list = new TrialList(plan);
	if (sample) {
		addSample(list, plan, {from: 0, to: sample.count});
	} else {
		for (const settings of gridOf(vary)) {
			list.add(settings);
		}
	}

	if (list.trials.length < 2) {
		const expected = 'a value that the step does not have already';
		const {tooLarge} = list;
		const got = tooLarge > 0 ? `none: ${tooLarge} trials have more than ${maxParameters} parameters` : 'none';
		throw new ConfigError('vary', expected, got);
	}

	return list;
};

/** Adds the random draws of a sample from one position to another. */
export const addSample = (
	list: TrialList,
	{vary, sample}: Pick<SweepPlan, 'vary' | 'sample'>,
	{from, to}: {readonly from: number; readonly to: number},
): void => {
	for (let trial = from; trial < to; trial += 1) {
		list.addDrawn(`${sample?.draw} ${trial}`, name => drawSettings(vary, name));
	}
};

/** Returns the number of parameters of an experiment's net. */
export const parametersOf = ({net}: Experiment): number => unwrap(native().summarize(net)).parameters;

/** Draws the settings of a trial, each by its own name. A setting whose condition is not met is left out. */
export const drawSettings = (vary: readonly PlannedSetting[], name: string): TriedSetting[] => {
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
