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
	/** The command line that waits for it, and collects the results. */
	readonly command: string;
	/** Of its first submission, in UTC. */
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

	return [...jobs.values()]
		.map(planned => describeJob(planned, alive))
		.toSorted((a, b) => (a.created < b.created ? -1 : 1));
};

/**
 * Cancels the tasks of jobs, and waits until they have ended. What their runs have trained is kept.
 *
 * @returns the number of tasks that were in the queue
 * @throws {SlurmError}
 * @throws {AbortError} if the signal aborts during the wait
 */
export const cancelJobs = async (jobs: readonly Job[], signal: AbortSignal): Promise<number> => {
	const tokens = new Set<string>();
	for (const submission of jobs.flatMap(({folder}) => Submission.list(folder))) {
		submission.noteCancelled();
		tokens.add(submission.readPlan()?.token ?? '');
	}

	const own = async (): Promise<AliveTask[]> =>
		(await aliveTasks(undefined, signal)).filter(({token}) => tokens.has(token));
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
	const tokens = new Set(sorted.map(({plan}) => plan.token));
	const own = alive.filter(({token}) => tokens.has(token));
	const pending = own.filter(({state}) => state === 'PENDING');
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
		...{name, title, command, created, running: own.length - pending.length, pending: pending.length},
		stuck: [...new Set(own.filter(isStuck).map(({reason}) => reason))],
		...{finished: finished.size, runs: new Set(sorted.flatMap(({plan}) => plan.items.map(({key}) => key))).size},
		...{failures: [...new Set(failures)], folder: path.dirname(first.submission.folder)},
	};
};
