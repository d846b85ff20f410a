import path from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {abortedBy} from '../platform/abort.js';
import {type AliveTask, aliveTasks, cancelTasks, isStuck} from './queue.js';
import {Submission, type SubmissionPlan} from './submission.js';

/** The work of one command on a cluster, in all its submissions. */
export type Job = {
	/** The name of its jobs in Slurm. */
	readonly name: string;
	/** What it is: `sweep tiny-rates`. */
	readonly title: string;
	/** The command line that waits for it, and collects the results; `undefined` if its plan is missing. */
	readonly command: string | undefined;
	/** Of its first submission, in UTC; empty if its plan is missing. */
	readonly created: string;
	readonly running: number;
	readonly pending: number;
	/** Why pending tasks wait, where that does not pass by itself. */
	readonly stuck: readonly string[];
	/** Runs that have finished, and all. */
	readonly finished: number;
	readonly runs: number;
	/** Why tasks ended that failed. */
	readonly failures: readonly string[];
	/** The parent of its submissions. */
	readonly folder: string;
};

/**
 * Lists the jobs whose submissions are in some folders, and all others of this user that are in the queue, the oldest first.
 *
 * @param folders each the parent of folders of submissions; those that are missing have none
 * @throws {SlurmError} if Slurm does not answer
 */
export const listJobs = async (folders: readonly string[], signal?: AbortSignal): Promise<Job[]> => {
	const alive = await aliveTasks(undefined, signal);
	const submissions = new Map(
		[...folders.map(folder => path.resolve(folder)), ...alive.map(({folder}) => path.dirname(folder))]
			.flatMap(folder => Submission.list(folder))
			.map(submission => [submission.folder, submission]),
	);
	const jobs = new Map<string, Planned[]>();
	for (const submission of submissions.values()) {
		const plan = submission.readPlan();
		if (plan) {
			jobs.set(plan.jobName, [...(jobs.get(plan.jobName) ?? []), {submission, plan}]);
		}
	}

	const unplanned = new Set(alive.map(({jobName}) => jobName).filter(name => !jobs.has(name)));
	return [
		...[...jobs.values()].map(planned => describeJob(planned, alive)),
		...[...unplanned].map(name => describeUnplanned(name, alive)),
	].toSorted((a, b) => (a.created < b.created ? -1 : 1));
};

/**
 * Cancels the tasks of jobs, and waits until they have ended. What their runs have trained is kept.
 *
 * @returns the number of tasks that were in the queue
 * @throws {SlurmError}
 * @throws {AbortError} if the signal aborts during the wait
 */
export const cancelJobs = async (jobs: readonly Job[], signal: AbortSignal): Promise<number> => {
	for (const submission of jobs.flatMap(({folder}) => Submission.list(folder))) {
		submission.noteCancelled();
	}

	const names = new Set(jobs.map(({name}) => name));
	const own = async (): Promise<AliveTask[]> =>
		(await aliveTasks(undefined, signal)).filter(({jobName}) => names.has(jobName));
	const alive = await own();
	await cancelTasks(alive, signal);
	while ((await own()).length > 0) {
		await sleep(500, undefined, {signal}).catch(() => {
			throw abortedBy(signal);
		});
	}

	return alive.length;
};

type Planned = {readonly submission: Submission; readonly plan: SubmissionPlan};

const describeJob = (planned: readonly Planned[], alive: readonly AliveTask[]): Job => {
	const sorted = planned.toSorted((a, b) => (a.plan.created < b.plan.created ? -1 : 1));
	const finished = new Set<string>();
	const failures: string[] = [];
	for (const {submission, plan} of sorted) {
		for (const index of plan.tasks.keys()) {
			const {lines} = submission.readLines(index);
			for (const line of lines) {
				if (line.type === 'run' && (line.event as {type?: unknown}).type === 'finished') {
					finished.add(plan.items[line.item]?.key ?? '');
				}
			}

			const last = lines.findLast(({type}) => type !== 'run');
			failures.push(...(last?.type === 'failed' ? [last.message] : []));
		}
	}

	const [first] = sorted;
	if (!first) {
		throw new Error('a job has submissions');
	}

	const {jobName: name, title, command, created} = first.plan;
	return {
		...{name, title, command, created, ...describeTasks(name, alive)},
		...{finished: finished.size, runs: new Set(sorted.flatMap(({plan}) => plan.items.map(({key}) => key))).size},
		...{failures: [...new Set(failures)], folder: path.dirname(first.submission.folder)},
	};
};

/** Describes tasks in the queue whose plan was removed, or was written by another version. */
const describeUnplanned = (name: string, alive: readonly AliveTask[]): Job => ({
	...{name, title: 'its plan is missing', command: undefined, created: '', ...describeTasks(name, alive)},
	...{
		finished: 0,
		runs: 0,
		failures: [],
		folder: path.dirname(alive.find(({jobName}) => jobName === name)?.folder ?? ''),
	},
});

const describeTasks = (name: string, alive: readonly AliveTask[]): Pick<Job, 'running' | 'pending' | 'stuck'> => {
	const own = alive.filter(({jobName}) => jobName === name);
	const pending = own.filter(({state}) => state === 'PENDING').length;
	const stuck = [...new Set(own.filter(isStuck).map(({reason}) => reason))];
	return {running: own.length - pending, pending, stuck};
};
