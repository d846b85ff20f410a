import type {Data} from '../data/data.js';
import {settingsName} from '../experiment/settings.js';
import {displayPath} from '../format/command-line.js';
import {inFolder} from '../fs/in-folder.js';
import {currentCondition} from '../native/condition.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {runWorkers} from '../platform/run-workers.js';
import {weightPaths} from '../step/weight-files.js';
import {selectionOf} from './plan.js';
import {followRecord, type WantedRun} from './search.js';
import type {SweepEpoch, SweepRecord, SweepRun} from './sweep-record.js';
import {type TrialEpoch, trainTrial} from './train-trial.js';
import {TrialFolder} from './trial-folder.js';

/** Options of {@link replaySweep}. */
export type SweepReplayOptions = {
	/** The recorded runs to train again. */
	readonly runs: readonly SweepRun[];
	/**
	 * How many epochs of each to train, from the first.
	 *
	 * @default all
	 */
	readonly epochs?: number | undefined;
	/** The folder of the ladder, from which an experiment's files of weights are located. */
	readonly ladder: string;
	/** Folder of the runs, from which an interrupted replay resumes. By default a temporary one. */
	readonly out?: string | undefined;
	/**
	 * Runs at once.
	 *
	 * @default the number of cores
	 */
	readonly jobs?: number | undefined;
	readonly signal: AbortSignal;
	/** Called with a sentence for each epoch that equals the recorded one. */
	readonly report: (sentence: string) => void;
};

/** What a replay needs to know of each run. */
type Replay = Pick<SweepReplayOptions, 'ladder' | 'epochs' | 'signal' | 'report'> & {
	readonly record: SweepRecord;
	readonly data: Data;
	readonly out: string;
	readonly threads: number;
};

/**
 * Trains recorded runs of a sweep again, and compares every epoch with the record, bit by bit, and in which epoch a run diverged. Stops
 * a run at the first epoch that differs, since all later ones differ too.
 *
 * @param folder of the sweep's record, for sentences
 * @returns a sentence for each run that differs
 */
export const replaySweep = async (
	folder: string,
	record: SweepRecord,
	data: Data,
	{runs, out, jobs, ...options}: SweepReplayOptions,
): Promise<string[]> => {
	const wanted = new Map(followRecord(record).runs.map(run => [`${run.index} ${run.seed}`, run]));
	const {cores} = unwrap(native().runtimeInfo());
	const atOnce = Math.min(jobs ?? cores, runs.length);
	const threads = Math.max(1, Math.floor(cores / atOnce));
	const problems: string[] = [];
	await inFolder(out, 'stepladder-replay-', async out =>
		runWorkers(runs, atOnce, options.signal, async (run, signal) => {
			const of = wanted.get(`${run.trial} ${run.seed}`);
			const problem = of && (await replayRun(run, of, {...options, record, data, out, threads, signal}));
			problems.push(...(problem === undefined ? [] : [`${displayPath(folder)}: ${problem}`]));
		}),
	);
	return problems;
};

/** Trains a run again, and returns a sentence about its first difference. */
const replayRun = async (
	run: SweepRun,
	{trial, until = trial.experiment.epochs}: WantedRun,
	replay: Replay,
): Promise<string | undefined> => {
	const {record, data, ladder, out, threads, signal, report} = replay;
	const epochs = Math.min(replay.epochs ?? until, until);
	const {plan} = record;
	const rows = record.epochs.filter(row => row.trial === run.trial && row.seed === run.seed);
	const of = `seed ${run.seed} of trial ${run.trial} (${settingsName(trial)})`;
	const condition = currentCondition({engine: 'fused'});
	const folder = new TrialFolder(out, plan, trial.experiment, run.seed, condition);
	const enough = new AbortController();
	let difference: string | undefined;
	const lock = await folder.lock(signal);
	try {
		const begun = folder.begin();
		const outcome =
			folder.read()?.outcome ??
			(await trainTrial({
				...{experiment: trial.experiment, seed: run.seed, data, images: selectionOf(plan), threads},
				...{weights: weightPaths(trial.experiment, ladder), checkpoint: folder.checkpoint},
				signal: AbortSignal.any([signal, enough.signal]),
				tell(row) {
					if (enough.signal.aborted) {
						return; // an epoch that had ended before the trainer stopped
					}

					difference ??= differenceOf(of, rows[row.epoch - 1], row);
					if (difference !== undefined) {
						enough.abort();
						return;
					}

					report(`${of}: epoch ${row.epoch} of ${trial.experiment.epochs} equals the record`);
					if (row.epoch === epochs && epochs < trial.experiment.epochs) {
						enough.abort();
					}
				},
			}));
		if (enough.signal.aborted) {
			return difference;
		}

		folder.finish({outcome, begun, condition});
		for (const row of outcome.epochs) {
			difference ??= differenceOf(of, rows[row.epoch - 1], row); // of an earlier replay that was interrupted after this run
		}

		return (
			difference ??
			(outcome.diverged === run.diverged
				? undefined
				: `${of} ${end(run.diverged)} in the record, and ${end(outcome.diverged)} when retrained`)
		);
	} catch (error) {
		if (enough.signal.aborted && !signal.aborted) {
			return difference;
		}

		throw error;
	} finally {
		lock.release();
	}
};

/** Columns of an epoch that must be equal to the bit. */
const compared = ['trainLoss', 'trainCorrect', 'holdoutLoss', 'holdoutCorrect'] as const;

const differenceOf = (of: string, recorded: SweepEpoch | undefined, again: TrialEpoch): string | undefined => {
	if (recorded === undefined) {
		return `${of} diverged before epoch ${again.epoch} ended in the record, and not when retrained`;
	}

	const column = compared.find(column => recorded[column] !== again[column]);
	return (
		column &&
		`\`${column}\` of ${of}, epoch ${again.epoch}, is ${recorded[column]} in the record, ${again[column]} when retrained`
	);
};

const end = (diverged: number | null): string => (diverged === null ? 'finishes' : `diverged in epoch ${diverged}`);
