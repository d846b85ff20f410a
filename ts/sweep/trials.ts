import {ConfigError} from '../errors/index.js';
import {differences} from '../experiment/difference.js';
import type {Experiment} from '../experiment/experiment.js';
import {type TriedSetting, withSettings} from '../experiment/settings.js';
import {drawValue} from './draw-value.js';
import type {SweepPlan} from './plan.js';
import {checkVaried} from './varied.js';

/** An experiment of a sweep. */
export type Trial = {
	/** The settings that differ from the step's; empty for the unchanged step. */
	readonly settings: readonly TriedSetting[];
	readonly experiment: Experiment;
};

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
