import os from 'node:os';
import process from 'node:process';
import {setTimeout as sleep} from 'node:timers/promises';
import {AbortError, ConfigError, LockError, StepladderError} from '../errors/index.js';
import {formatThrown} from '../format/value.js';
import {warningSeconds} from './options.js';
import {lastError, runSlurm} from './slurm-program.js';
import {type PlannedItem, Submission, type SubmissionPlan} from './submission.js';

/** How a kind of work is done in a task. */
export type Worker<Item extends PlannedItem> = {
	/** Number of runs at once. */
	readonly jobs: number;
	/**
	 * Trains a run that is unfinished, and resumes it.
	 *
	 * @throws {LockError} if another process trains it
	 * @throws {AbortError} if the signal aborts; the run is resumed later
	 */
	readonly train: (item: Item, signal: AbortSignal, emit: (event: RunEvent) => void) => Promise<void>;
	readonly isDone: (item: Item) => boolean;
};

/** An event of a run that a task passes on. `epoch` and `finished` count as progress. */
export type RunEvent = {readonly type: string};

/** Makes the worker of a kind, from what the runs of a plan have in common. */
export type WorkerOf = (shared: unknown, task: TaskPlace) => Promise<Worker<never>>;

/** Where a task runs. */
export type TaskPlace = {
	readonly cores: number;
	/** The folder of its submission, for sentences. */
	readonly folder: string;
	readonly signal: AbortSignal;
};

/** What the system asks of a task. */
export type TaskSignals = {
	/** Aborts at SIGUSR2: the time limit is near. */
	readonly limit: AbortSignal;
	/** Aborts at SIGTERM: the task is cancelled, preempted, or queued again. */
	readonly term: AbortSignal;
};

/** By what the runs were planned, and what runs here: they have to agree. */
export type OwnVersion = {readonly version: string; readonly sources: string | undefined};

/**
 * Trains the runs of a task of Slurm, one or several at once. Near its time limit it lets each run finish its epoch, if that takes less
 * than half of the time that is left, and has itself queued again.
 *
 * @returns the exit code
 */
export const runTask = async (
	folder: string,
	index: number,
	workers: Readonly<Record<string, WorkerOf>>,
	own: OwnVersion,
	signals: TaskSignals,
): Promise<number> => {
	const submission = new Submission(folder);
	submission.append(index, {type: 'started', host: os.hostname(), at: new Date().toISOString()});
	try {
		const plan = submission.readPlan();
		const items = plan?.tasks[index]?.flatMap(item => (plan.items[item] ? [{item, planned: plan.items[item]}] : []));
		const workerOf = workers[plan?.kind ?? ''];
		if (!plan || !items || !workerOf) {
			throw new ConfigError('task', 'a task of a plan of this version', `task ${index} of ${folder}`);
		}

		checkVersion(plan, own);
		const worker = await workerOf(plan.shared, {cores: coresOfTask(), folder, signal: signals.term});
		const hasProgress = await trainAll(items, worker, submission, index, signals, warningSeconds(plan.options));
		if (items.every(({planned}) => worker.isDone(planned as never))) {
			submission.append(index, {type: 'finished'});
			return 0;
		}

		return await endEarly(submission, index, plan, hasProgress, signals);
	} catch (error) {
		if (signals.term.aborted && error instanceof AbortError) {
			submission.append(index, {type: 'cancelled'});
			return 143;
		}

		const code = error instanceof StepladderError ? error.code : 'internal';
		const message = error instanceof Error ? error.message : formatThrown(error);
		process.stderr.write(
			`${error instanceof StepladderError ? message : error instanceof Error ? error.stack : message}\n`,
		);
		submission.append(index, {type: 'failed', code, message});
		return 1;
	}
};

/** The number of cores that Slurm gave to this task: the system may show those of the whole node. */
const coresOfTask = (): number => Math.max(1, Number(process.env['SLURM_CPUS_PER_TASK'] ?? 1) || 1);

/** @throws {ConfigError} if other code would train the rest of the runs */
const checkVersion = ({version, sources}: SubmissionPlan, own: OwnVersion): void => {
	if (version !== own.version || sources !== own.sources) {
		const name = ({version, sources}: OwnVersion): string =>
			`${version}${sources === undefined ? '' : ` (sources ${sources.slice(0, 8)}...)`}`;
		const sentence = `the runs were planned by Stepladder ${name({version, sources})}, and ${os.hostname()} has ${name(own)}: install the same there, or cancel the tasks and run the command again`;
		throw new ConfigError('version', name({version, sources}), name(own), sentence);
	}
};

type Entry = {readonly item: number; readonly planned: PlannedItem};

/** Trains all runs, and then those that other processes were training; returns whether any has finished an epoch. */
const trainAll = async (
	items: readonly Entry[],
	worker: Worker<never>,
	submission: Submission,
	index: number,
	{limit, term}: TaskSignals,
	warning: number,
): Promise<boolean> => {
	let hasProgress = false;
	const late = new AbortController(); // no time is left for the epochs that are in training
	let timer: NodeJS.Timeout | undefined;
	limit.addEventListener('abort', () => {
		timer = setTimeout(() => late.abort(), (warning * 1000) / 2);
	});
	const failure = new AbortController();
	const stop = AbortSignal.any([term, late.signal, failure.signal]);
	const busy: Entry[] = [];
	const train = async (entry: Entry): Promise<void> => {
		const enough = new AbortController(); // an epoch has finished since the time limit came near
		try {
			await worker.train(entry.planned as never, AbortSignal.any([stop, enough.signal]), event => {
				submission.append(index, {type: 'run', item: entry.item, event});
				if (event.type === 'epoch' || event.type === 'finished') {
					hasProgress = true;
					if (limit.aborted) {
						enough.abort();
					}
				}
			});
		} catch (error) {
			if (error instanceof LockError) {
				busy.push(entry);
			} else if (!(error instanceof AbortError && (enough.signal.aborted || late.signal.aborted) && !term.aborted)) {
				failure.abort();
				throw error;
			}
		}
	};
	const trainEach = async (entries: readonly Entry[]): Promise<void> => {
		const queue = entries.values(); // shared: each of the loops takes the next
		const loops = Array.from({length: Math.min(worker.jobs, entries.length)}, async () => {
			for (const entry of queue) {
				if (limit.aborted || stop.aborted) {
					return;
				}

				if (!worker.isDone(entry.planned as never)) {
					await train(entry);
				}
			}
		});
		const ended = await Promise.allSettled(loops);
		const failed = ended.find(({status}) => status === 'rejected');
		if (failed?.status === 'rejected') {
			throw failed.reason;
		}
	};
	try {
		await trainEach(items);
		while (busy.length > 0 && !limit.aborted && !term.aborted) {
			await sleep(1000, undefined, {signal: AbortSignal.any([limit, term])}).catch(() => {});
			await trainEach(busy.splice(0));
		}

		if (term.aborted) {
			throw new AbortError(term.reason);
		}
	} finally {
		clearTimeout(timer);
	}

	return hasProgress;
};

/** Has this task queued again, and waits for the signal that ends it. */
const endEarly = async (
	submission: Submission,
	index: number,
	plan: SubmissionPlan,
	hasProgress: boolean,
	{term}: TaskSignals,
): Promise<number> => {
	if (!hasProgress) {
		const sentence = `no run finished an epoch within the time limit of ${plan.options.time} min: allow more by \`slurm.time\``;
		throw new ConfigError('slurm.time', 'time for at least one epoch', `${plan.options.time} min`, sentence);
	}

	submission.append(index, {type: 'requeued'});
	// The task's own number: $SLURM_JOB_ID may be that of the whole array, which would begin again.
	const task = `${process.env['SLURM_ARRAY_JOB_ID']}_${process.env['SLURM_ARRAY_TASK_ID']}`;
	const result = await runSlurm('scontrol', ['requeue', task]);
	if (result.exitCode !== 0) {
		process.stderr.write(`could not be queued again: ${lastError('scontrol', result)}\n`);
		return 1; // whose runs the command that waits for them submits again
	}

	if (!term.aborted) {
		await sleep(60_000, undefined, {signal: term}).catch(() => {});
	}

	return 0;
};
