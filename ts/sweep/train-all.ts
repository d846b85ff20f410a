import process from 'node:process';
import {RecordError} from '../errors/index.js';
import {differences} from '../experiment/difference.js';
import type {Condition} from '../native/condition.js';
import type {Executor, PlannedRun} from './executor.js';
import type {SweepPlan} from './plan.js';
import {type RunResult, type SearchState, TrialSearch, type WantedRun} from './search.js';
import type {SweepEvent} from './sweep-event.js';
import {SweepProgress} from './sweep-progress.js';
import type {SweepEpoch, SweepRecord, SweepRun} from './sweep-record.js';
import type {FinishedTrial} from './trial-folder.js';
import {trialsOf} from './trials.js';

/**
 * Trains the missing runs of a plan, in rounds, each of which depends on the results of those before, and assembles the record before
 * their folders may be used by others.
 *
 * @param asPlannedRun adds the folder to a run
 */
export const trainAll = async (
	plan: SweepPlan,
	asPlannedRun: (run: WantedRun) => PlannedRun,
	executor: Executor,
	tell: (event: SweepEvent) => void,
): Promise<SweepRecord> => {
	const progress = new SweepProgress(plan, trialsOf(plan), tell);
	const search = new TrialSearch(plan, drawn => progress.leavesTime(drawn));
	const results = new Map<string, RunResult>(); // a round asks again for those of earlier ones
	const resultOf = (run: WantedRun): RunResult => {
		const key = `${run.index} ${run.seed} ${run.until}`;
		const result = results.get(key) ?? upTo(run, readRun(asPlannedRun(run)).outcome);
		results.set(key, result);
		return result;
	};
	try {
		const rounds = search.rounds();
		for (let round = rounds.next(resultOf); !round.done; round = rounds.next(resultOf)) {
			progress.startRound();
			await executor.train(
				round.value.map(run => asPlannedRun(run)),
				progress.receive,
			);
		}

		return assemble(plan, search.state, asPlannedRun);
	} finally {
		executor.release();
	}
};

/** @throws {RecordError} if its result was removed */
const readRun = ({folder, index, seed, until}: PlannedRun): FinishedTrial => {
	const finished = folder.read(until);
	if (!finished) {
		throw new RecordError(process.cwd(), `the run of trial ${index}, seed ${seed} was removed: run the sweep again`);
	}

	return finished;
};

/** Returns the result of a run up to the epoch after which it is stopped; another sweep may have trained it further. */
const upTo = <Result extends RunResult & {readonly seconds: number}>({until}: WantedRun, result: Result): Result => {
	if (until === undefined || (result.epochs.length <= until && (result.diverged ?? 0) <= until)) {
		return result;
	}

	const epochs = result.epochs.slice(0, until);
	return {...result, epochs, diverged: null, seconds: epochs.reduce((sum, row) => sum + row.seconds, 0)};
};

/** Reads the results of all runs. */
const assemble = (
	plan: SweepPlan,
	{runs: wanted, drawn}: SearchState,
	asPlannedRun: (run: WantedRun) => PlannedRun,
): SweepRecord => {
	const conditions: Condition[] = [];
	const runs: SweepRun[] = [];
	const epochs: SweepEpoch[] = [];
	for (const run of wanted) {
		const {index: trial, seed} = run;
		const finished = readRun(asPlannedRun(run));
		let condition = conditions.findIndex(known => differences(known, finished.condition).length === 0);
		if (condition === -1) {
			condition = conditions.push(finished.condition) - 1;
		}

		const {epochs: rows, engine, device, threads, diverged, seconds} = upTo(run, finished.outcome);
		runs.push({trial, seed, engine, device, threads, diverged, seconds, begun: finished.begun, condition});
		epochs.push(...rows.map(row => ({trial, seed, ...row})));
	}

	const isCut = plan.sample !== null && plan.budget !== undefined && drawn < plan.sample.count;
	return {plan, ...(isCut && {drawn}), conditions, runs, epochs};
};
