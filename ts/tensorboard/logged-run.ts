import path from 'node:path';
import type {Experiment} from '../experiment/experiment.js';
import {settingsName, type TriedSetting} from '../experiment/settings.js';
import {canonicalJson, checksum} from '../fs/hash.js';
import type {TrainOptions} from '../runs/train-options.js';
import type {LoggedRun} from './event-log.js';
import {hparamsOf} from './hparams.js';

/** A run of a step: one seed. */
type RunOfStep = {
	readonly step: string;
	/** The settings that differ from the step's, if it is a trial. */
	readonly trial: readonly TriedSetting[] | undefined;
	readonly experiment: Experiment;
	readonly options: Pick<TrainOptions, 'limitTrain' | 'limitTest' | 'holdout'>;
	/** Start time, in UTC. */
	readonly begun: string;
};

/**
 * Returns a run of a step as TensorBoard shows it: its settings, and seeds with the same settings as one group.
 *
 * @param folder of its events
 */
export const loggedRun = (folder: string, {step, trial, experiment, options, begun}: RunOfStep): LoggedRun => {
	const {limitTrain, limitTest, holdout} = options;
	const limits = Object.entries({limitTrain, limitTest, holdout}).flatMap(([name, value]) =>
		value === undefined ? [] : [[name, value] as const],
	);
	const hparams = {step, ...hparamsOf(experiment), ...Object.fromEntries(limits)};
	const name = trial ? `${step}, ${settingsName({settings: trial})}` : step;
	const group = `${name} (${checksum(canonicalJson(hparams))})`;
	return {folder, begun: Date.parse(begun) / 1000, hparams, group};
};

/** Returns the folder of a run's events: that of its step, and in it one with the name of the run's own folder, or else of its start. */
export const eventFolder = (
	tensorboard: string,
	{step, seed, folder, begun}: {step: string; seed: number; folder: string | undefined; begun: string},
): string =>
	path.join(tensorboard, step, folder === undefined ? `${begun.replaceAll(':', '-')}-s${seed}` : path.basename(folder));
