import path from 'node:path';
import {learningRates} from '../experiment/learning-rates.js';
import {settingsName} from '../experiment/settings.js';
import {EventLog, type LoggedRun, writeEventFile} from '../tensorboard/event-log.js';
import type {LoggedEpoch} from '../tensorboard/events.js';
import {loggedRun} from '../tensorboard/logged-run.js';
import type {PlannedRun} from './executor.js';
import {type SweepPlan, trainedOn} from './plan.js';
import {followRecord} from './search.js';
import {epochsOfRuns, type SweepRecord} from './sweep-record.js';
import type {TrialEpoch} from './train-trial.js';
import type {Trial} from './trials.js';

// A sweep in TensorBoard: a run for each seed of a trial, evaluated on the held-out images.

/** A seed of a trial. */
type TrialSeed = Pick<PlannedRun, 'trial' | 'index' | 'seed'> & {
	/** Start time, in UTC. */
	readonly begun: string;
};

/** Opens the file of events of a run in training, and returns the function that adds an epoch to it. */
export const openTrialLog = (folder: string, plan: SweepPlan, run: TrialSeed): ((row: TrialEpoch) => void) => {
	const asLogged = epochsOf(plan, run.trial);
	const log = new EventLog(loggedTrial(folder, plan, run));
	return row => log.epoch(asLogged(row));
};

/** Writes the events of all runs of a finished sweep. Files that have them already stay as they are. */
export const writeSweepEvents = (folder: string, record: SweepRecord): void => {
	const {plan, runs} = record;
	const rowsOf = epochsOfRuns(record.epochs);
	const {trials} = followRecord(record);
	for (const {trial: index, seed, begun, diverged} of runs) {
		const trial = trials[index];
		if (!trial) {
			throw new Error(`the plan has no trial ${index}`);
		}

		const outcome = diverged === null ? 'finished' : 'diverged';
		const logged = loggedTrial(folder, plan, {trial, index, seed, begun});
		writeEventFile(logged, rowsOf(index, seed).map(epochsOf(plan, trial)), outcome);
	}
};

const loggedTrial = (folder: string, plan: SweepPlan, {trial, index, seed, begun}: TrialSeed): LoggedRun => {
	const {holdout, limitTrain} = plan;
	// A name that every file system takes; its index tells it from others that are cut to the same.
	const settings = settingsName(trial)
		.replaceAll(/[^\w.-]+/g, '-')
		.slice(0, 80);
	const place = path.join(folder, `${index}-${settings}-s${seed}`);
	const logged = loggedRun(place, {
		...{step: plan.step, trial: trial.settings, experiment: trial.experiment, begun},
		options: {holdout, ...(limitTrain !== null && {limitTrain})},
	});
	return {...logged, replaces: true}; // `--fresh` trains again, and so does a run that ended before its first checkpoint
};

/** Returns the function that adds to the rows of a trial's epochs what they leave out. */
const epochsOf = (plan: SweepPlan, {experiment}: Trial): ((row: TrialEpoch) => LoggedEpoch) => {
	const trainTotal = trainedOn(plan);
	const rates = learningRates(experiment, trainTotal);
	return row => ({
		...row,
		...{learningRate: rates[row.epoch - 1] ?? Number.NaN, trainTotal, holdoutTotal: plan.holdout},
	});
};
