import {randomInt} from 'node:crypto';
import {rmSync} from 'node:fs';
import path from 'node:path';
import {replayedEpochs} from '../experiment/replayed-epochs.js';
import {settingsName} from '../experiment/settings.js';
import {acquireLock, type Lock, lockPathFor} from '../fs/lock.js';
import {makeFolders} from '../fs/make-folders.js';
import {wrapWriteErrors} from '../fs/wrap-write-errors.js';
import type {Data, StepEntry} from '../index.js';
import type {LadderRecords} from '../record/ladder-records.js';
import {drawSeed, replay} from '../record/replay.js';
import {sweepsFolder} from '../sweep/file.js';
import {trainedOn} from '../sweep/plan.js';
import {replaySweep} from '../sweep/replay.js';
import {followRecord} from '../sweep/search.js';
import {ownRuns} from './own-runs.js';
import {print} from './print.js';
import {whileWaiting} from './while-waiting.js';

/** Options of {@link retrain}. */
export type RetrainOptions = {
	/** The steps to train again. */
	readonly steps: readonly StepEntry[];
	/** The names of the sweeps to train again. */
	readonly sweeps: readonly string[];
	/** Whether to train every seed and every run, instead of one drawn at random of each step and each sweep. */
	readonly all: boolean;
	/** Whether to train all epochs of a slow step, too, as `all` does. */
	readonly wholly: boolean;
	readonly jobs: number | undefined;
	readonly signal: AbortSignal;
};

/** The outcome of {@link retrain}. */
export type Retrained = {
	/** A sentence for each value that differs. */
	readonly problems: string[];
	/** A sentence for each step or sweep of which only the first epochs were trained. */
	readonly notes: string[];
};

/** Trains recorded seeds of steps and recorded runs of sweeps again, prints which, and compares them with the records. */
export const retrain = async (records: LadderRecords, data: Data, options: RetrainOptions): Promise<Retrained> => {
	const {steps, sweeps, all, signal} = options;
	const replays = replaysOf(records);
	const lock = all ? await lockReplays(replays, signal) : undefined;
	try {
		const retrained: Retrained = {problems: [], notes: []};
		for (const entry of steps) {
			await retrainStep(entry, records, data, options, retrained);
		}

		for (const name of sweeps) {
			await retrainSweep(name, records, data, options, retrained);
		}

		if (lock) {
			rmSync(replays, {recursive: true, force: true}); // the next replay starts again
		}

		return retrained;
	} finally {
		lock?.release();
	}
};

/** Returns the folder of the runs of `--replay all` until it ends. */
const replaysOf = ({ladder}: LadderRecords): string => path.join(ownRuns(ladder), '.replays'); // no step can have this name

/** Locks the runs of `--replay all`: two at once would remove each other's. */
const lockReplays = async (replays: string, signal: AbortSignal): Promise<Lock> => {
	wrapWriteErrors(`in ${replays}`, replays, () => makeFolders(path.dirname(replays)));
	return acquireLock(replays, lockPathFor(replays), signal);
};

const retrainStep = async (
	entry: StepEntry,
	records: LadderRecords,
	data: Data,
	{all, wholly, jobs, signal}: RetrainOptions,
	{problems, notes}: Retrained,
): Promise<void> => {
	const {record} = records.of(entry);
	const {experiment} = record;
	const {name} = entry.step;
	const epochs = all || wholly ? experiment.epochs : replayedEpochs(experiment, data.train);
	const seeds = all ? record.seeds.map(({seed}) => seed) : [drawSeed(record)];
	const named = all
		? `${seeds.length === 1 ? 'seed' : 'all seeds:'} ${seeds.join(', ')}`
		: `seed ${seeds[0]}, drawn at random of ${record.seeds.length}`;
	const isPart = epochs < experiment.epochs;
	const much = isPart
		? `${first(epochs, experiment.epochs)}; for all of them: --step ${name}`
		: `${epochs} epochs and all predictions`;
	print(`Retraining: ${name}, ${named}, ${much}\n`);
	const options = {seeds, epochs, jobs, signal, out: all ? replaysOf(records) : undefined};
	problems.push(
		...(await whileWaiting(`Training ${name} again`, async tell =>
			replay(entry, record, data, {...options, report: tell}),
		)),
	);
	if (isPart) {
		notes.push(`Of ${name}, ${untrained(epochs, experiment.epochs)} and the predictions were not retrained.`);
	}
};

const retrainSweep = async (
	name: string,
	records: LadderRecords,
	data: Data,
	{all, jobs, signal}: RetrainOptions,
	{problems, notes}: Retrained,
): Promise<void> => {
	const {record} = records.sweep(name);
	const {runs, plan} = record;
	const drawn = runs[randomInt(runs.length)]; // so that a forger can't predict it
	const run = followRecord(record).runs.find(({index, seed}) => index === drawn?.trial && seed === drawn.seed);
	if (!drawn || !run) {
		throw new Error('a sweep without runs'); // impossible, since its record was checked
	}

	const {trial, until: total = trial.experiment.epochs} = run;
	const epochs = all ? total : Math.min(total, replayedEpochs(trial.experiment, trainedOn(plan)));
	const isPart = epochs < total;
	const much = isPart ? `${first(epochs, total)}; for all of them: --replay all` : `${total} epochs`;
	const named = all
		? `all ${runs.length} runs`
		: `${settingsName(trial)}, seed ${drawn.seed}, drawn at random of ${runs.length} runs, ${much}`;
	print(`Retraining: sweep ${name}, ${named}\n`);
	const options = {runs: all ? runs : [drawn], epochs: all ? undefined : epochs, jobs, signal};
	const {folder: ladder} = records.ladder;
	problems.push(
		...(await whileWaiting(`Training runs of the sweep ${name} again`, async tell =>
			replaySweep(path.join(sweepsFolder(ladder), name), record, data, {
				...{...options, ladder, report: tell},
				out: all ? path.join(replaysOf(records), '.sweeps') : undefined,
			}),
		)),
	);
	if (isPart) {
		notes.push(`Of the drawn run of the sweep ${name}, ${untrained(epochs, total)} were not retrained.`);
	}
};

const first = (epochs: number, of: number): string =>
	epochs === 1 ? `the first of ${of} epochs alone` : `the first ${epochs} of ${of} epochs alone`;

const untrained = (epochs: number, of: number): string =>
	epochs + 1 === of ? `epoch ${of}` : `epochs ${epochs + 1} to ${of}`;
