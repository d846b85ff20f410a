import {randomBytes} from 'node:crypto';
import path from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {SlurmError, StepladderError} from '../errors/index.js';
import type {ErrorCode} from '../errors/stepladder-error.js';
import {displayPath} from '../format/command-line.js';
import {sha256} from '../fs/hash.js';
import {removeIfEmpty} from '../fs/remove-if-empty.js';
import {abortedBy} from '../platform/abort.js';
import {ownCommand} from '../platform/command-hint.js';
import {packageRoot} from '../platform/package-root.js';
import {partsOf} from '../platform/run-workers.js';
import type {SettledSlurm} from './options.js';
import {type AliveTask, aliveTasks, cancelTasks, isStuck, jobPrefix} from './queue.js';
import {type PlannedItem, Submission, type SubmissionPlan, type TaskLine} from './submission.js';
import {maxArraySize, submit, testSubmission} from './submit.js';

/** A list of runs for Slurm. */
export type SlurmWork<Item extends PlannedItem> = Pick<
	SubmissionPlan<Item>,
	'kind' | 'title' | 'version' | 'sources' | 'shared' | 'items'
> & {
	/** The parent of the submissions of this work, and of no other. */
	readonly folder: string;
	readonly options: SettledSlurm;
	/** Whether the result of a run is in its folder: the only truth about it. */
	readonly isDone: (item: Item) => boolean;
	/** Receives events of runs, as the tasks emit them. */
	readonly emit: (item: Item, event: unknown) => void;
	/** Receives sentences about tasks. */
	readonly report: (sentence: string) => void;
	/** Whether to return as soon as all runs are submitted. */
	readonly detach: boolean;
	/** Ends the wait. The tasks go on. */
	readonly signal: AbortSignal;
};

/** The program of a task. It lies above this layer, since it knows all kinds of work. */
const taskEntry = path.join(packageRoot, 'dist', 'ts', 'cli', 'slurm-task.js');

/** Tries of a run whose tasks end without having finished an epoch. */
const maxTries = 3;

/** Seconds between two looks at the files of the tasks; between two questions to Slurm, which grow while nothing changes. */
const [look, firstAsk, lastAsk] = [0.5, 1, 15];

/** A task that was alive, or that was submitted a moment ago. */
type Watched = {
	readonly submission: Submission;
	readonly plan: SubmissionPlan;
	readonly index: number;
	/** Where the lines that were not read yet begin. */
	offset: number;
	/** How many answers in turn it was missing from. */
	missing: number;
	/** Whether a run of it has finished an epoch. */
	hasProgress: boolean;
	/** Whether Slurm has been seen to have it. */
	wasSeen: boolean;
	last: TaskLine | undefined;
};

/**
 * Has runs trained by tasks of Slurm, and waits until all have finished. Those that a task of an earlier command trains are left to
 * it. A task that ends without its runs having finished is replaced by another, which resumes them.
 *
 * @returns whether all runs have finished: else it was detached
 * @throws {ConfigError} and {@link SlurmError} if Slurm refuses, and if tasks were cancelled or can't be started
 * @throws {StepladderError} the error of a run that failed; the other tasks are cancelled
 * @throws {AbortError}
 */
export const runOnSlurm = async <Item extends PlannedItem>(work: SlurmWork<Item>): Promise<boolean> => {
	const {folder, items, isDone, detach, report, signal} = work;
	const jobName = jobNameOf(work);
	const tries = new Map<string, number>();
	const unfinished = new Map(items.filter(item => !isDone(item)).map(item => [item.key, item]));
	if (unfinished.size === 0) {
		removeSubmissions(folder);
		return true;
	}

	await testSubmission(work.options, signal);
	const watched = watchEarlier(folder, await aliveTasks(jobName, signal));
	const begin = async (keys: Iterable<string>): Promise<void> => {
		const missing = [...keys].flatMap(key => unfinished.get(key) ?? []);
		watched.push(...(missing.length > 0 ? await submitItems(missing, jobName, work) : []));
	};
	if (watched.length > 0) {
		report(`${count(watched.length, 'task')} of an earlier command still in the queue`);
	}

	const covered = new Set(watched.flatMap(keysOf));
	await begin([...unfinished.keys()].filter(key => !covered.has(key)));
	if (detach) {
		return false;
	}

	const queue = new QueueWatch(jobName, report, signal);
	for (;;) {
		for (const task of watched) {
			readEvents(task, unfinished, work);
		}

		const lost: string[] = [];
		for (const task of await queue.ended(watched)) {
			watched.splice(watched.indexOf(task), 1);
			readEvents(task, unfinished, work);
			const left = keysOf(task).filter(key => {
				const item = unfinished.get(key);
				if (item && isDone(item)) {
					unfinished.delete(key);
				}

				return unfinished.has(key);
			});
			if (left.length > 0) {
				checkCancelled(task, left);
				try {
					checkEnding(task, left, tries);
				} catch (error) {
					return await giveUp(error, [task, ...watched], jobName);
				}

				lost.push(...left);
			}
		}

		if (unfinished.size === 0) {
			removeSubmissions(folder);
			return true;
		}

		if (lost.length > 0) {
			report(`${count(lost.length, 'run')} left by tasks that ended: submitted again`);
			await begin(lost);
		}

		await sleep(look * 1000, undefined, {signal}).catch(() => {
			throw abortedBy(signal);
		});
	}
};

/** Removes the plans and outputs of work that has finished. */
const removeSubmissions = (folder: string): void => {
	for (const submission of Submission.list(folder)) {
		submission.remove();
	}

	removeIfEmpty(folder);
	removeIfEmpty(path.dirname(folder));
};

/** The name of a work's jobs: the same whenever the command is run again, in the same folder. */
const jobNameOf = ({folder, kind}: Pick<SlurmWork<PlannedItem>, 'folder' | 'kind'>): string =>
	`${jobPrefix}${kind}-${sha256(folder).slice(0, 12)}`;

/** Returns the tasks of earlier submissions that are alive, and that were not cancelled: those are about to end. */
const watchEarlier = (folder: string, alive: readonly AliveTask[]): Watched[] =>
	Submission.list(folder).flatMap(submission => {
		const plan = submission.readPlan();
		if (submission.isCancelled) {
			return [];
		}

		return alive
			.filter(({token, index}) => plan?.token === token && plan.tasks[index] !== undefined)
			.map(({index}) => watch(submission, plan as SubmissionPlan, index, submission.sizeOfLines(index)));
	});

const watch = (submission: Submission, plan: SubmissionPlan, index: number, offset: number): Watched => ({
	...{submission, plan, index, offset, missing: 0, hasProgress: false, wasSeen: false, last: undefined},
});

const keysOf = ({plan, index}: Watched): string[] =>
	(plan.tasks[index] ?? []).flatMap(item => plan.items[item]?.key ?? []);

/** Writes the plan, and submits it: in several arrays, if the cluster allows no array of so many tasks. */
const submitItems = async <Item extends PlannedItem>(
	items: readonly Item[],
	jobName: string,
	work: SlurmWork<Item>,
): Promise<Watched[]> => {
	const {folder, options, report, signal, kind, title, version, sources, shared} = work;
	const perTask = options.runsPerTask ?? Math.max(options.cpus, Math.ceil(items.length / 64));
	const perArray = perTask * (await maxArraySize(signal));
	const submitted: Watched[] = [];
	for (const {part} of partsOf(items, perArray)) {
		const plan: SubmissionPlan<Item> = {
			...{
				format: 1,
				kind,
				title,
				command: ownCommand('--detach', '--fresh'),
				token: randomBytes(12).toString('hex'),
				jobName,
			},
			...{created: new Date().toISOString(), options, version, sources, shared, items: part},
			tasks: partsOf([...part.keys()], perTask).map(({part}) => part),
		};
		const submission = Submission.create(folder, plan);
		await submit(submission, plan, {entry: taskEntry, report, signal});
		submitted.push(...plan.tasks.map((_, index) => watch(submission, plan, index, 0)));
	}

	report(`submitted ${count(items.length, 'run')} in ${count(submitted.length, 'task')} as \`${jobName}\``);
	return submitted;
};

/** Emits what a task has written since. */
const readEvents = <Item extends PlannedItem>(
	task: Watched,
	unfinished: Map<string, Item>,
	{isDone, emit}: SlurmWork<Item>,
): void => {
	const {lines, next} = task.submission.readLines(task.index, task.offset);
	task.offset = next;
	for (const line of lines) {
		if (line.type !== 'run') {
			task.last = line;
			continue;
		}

		const {type} = line.event as {readonly type?: unknown};
		task.hasProgress ||= type === 'epoch' || type === 'finished';
		const key = task.plan.items[line.item]?.key ?? '';
		const item = unfinished.get(key);
		if (item) {
			emit(item, line.event);
			if (type === 'finished' && isDone(item)) {
				unfinished.delete(key);
			}
		}
	}
};

/** Asks Slurm which tasks are alive, more seldom while nothing changes. */
class QueueWatch {
	readonly #jobName: string;
	readonly #report: (sentence: string) => void;
	readonly #signal: AbortSignal;
	#interval = firstAsk;
	#askedAt = Number.NEGATIVE_INFINITY;
	#known = '';
	#isFailing = false;
	readonly #stuck = new Set<string>();

	constructor(jobName: string, report: (sentence: string) => void, signal: AbortSignal) {
		this.#jobName = jobName;
		this.#report = report;
		this.#signal = signal;
	}

	/** Returns the tasks that are over: they say so themselves, or were missing from two answers in turn. */
	async ended(watched: readonly Watched[]): Promise<Watched[]> {
		const said = watched.filter(({last}) => last?.type === 'finished' || last?.type === 'failed');
		if (said.length > 0) {
			this.#interval = firstAsk;
			return said;
		}

		const now = performance.now() / 1000;
		if (now - this.#askedAt < this.#interval) {
			return [];
		}

		this.#askedAt = now;
		let alive: AliveTask[];
		try {
			alive = await aliveTasks(this.#jobName, this.#signal);
		} catch (error) {
			if (!(error instanceof SlurmError)) {
				throw error;
			}

			if (!this.#isFailing) {
				this.#report(`${error.message}; asking again, and the tasks go on`);
			}

			this.#isFailing = true;
			return []; // which says nothing about the tasks
		}

		this.#isFailing = false;
		this.#reportStuck(alive);
		const states = new Map(alive.map(task => [`${task.token} ${task.index}`, task]));
		for (const task of watched) {
			const found = states.get(`${task.plan.token} ${task.index}`);
			task.wasSeen ||= found !== undefined;
			task.missing = found ? 0 : task.missing + 1;
		}

		const known = alive.map(({token, index, state}) => `${token} ${index} ${state}`).join('\n');
		const isMissing = watched.some(({missing}) => missing > 0);
		this.#interval = known === this.#known && !isMissing ? Math.min(lastAsk, this.#interval * 1.5) : firstAsk;
		this.#known = known;
		return watched.filter(({missing}) => missing >= 2);
	}

	#reportStuck(alive: readonly AliveTask[]): void {
		for (const {reason} of alive.filter(isStuck)) {
			if (!this.#stuck.has(reason)) {
				this.#stuck.add(reason);
				this.#report(`tasks wait for something that does not pass by itself: ${reason}`);
			}
		}
	}
}

/** @throws {SlurmError} if a task was cancelled, by a user or an administrator; the other tasks go on */
const checkCancelled = ({submission, index, last}: Watched, left: readonly string[]): void => {
	if (last?.type === 'cancelled' || submission.isCancelled) {
		const sentence = `tasks were cancelled, as by \`scancel\`: ${count(left.length, 'run')} of task ${index} missing; run the same command again to submit them`;
		throw new SlurmError(sentence, undefined, '');
	}
};

/**
 * Decides what the end of a task means for the runs that it left.
 *
 * @param tries how often each run was left without progress
 * @throws if they should not be submitted again
 */
const checkEnding = (task: Watched, left: readonly string[], tries: Map<string, number>): void => {
	const {submission, index, last, hasProgress} = task;
	const file = displayPath(submission.output(index));
	if (last?.type === 'failed') {
		throw new StepladderError(last.code as ErrorCode, `${last.message} (task ${index}, ${file})`);
	}

	const output = submission.readOutput(index);
	if (last === undefined && !hasProgress && output !== undefined && output !== '') {
		throw new SlurmError(`task ${index} ended before it trained anything (${file}):\n${output}`, undefined, output);
	}

	const isOutOfMemory = /oom.kill/i.test(output ?? '');
	for (const key of left) {
		tries.set(key, hasProgress ? 0 : (tries.get(key) ?? 0) + 1);
	}

	if (isOutOfMemory || left.some(key => (tries.get(key) ?? 0) >= maxTries)) {
		const why = isOutOfMemory
			? `task ${index} was ended for want of memory: give it more by \`slurm.mem\``
			: output === undefined
				? `tasks end without any output: they were cancelled, or the compute nodes can’t see ${submission.folder}; \`doctor --slurm\` looks into it`
				: `task ${index} ended ${maxTries} times before any run of it had finished an epoch`;
		throw new SlurmError(output ? `${why} (${file}):\n${output}` : why, undefined, output ?? '');
	}
};

/** Cancels the tasks that are left after a failure, and throws it. */
const giveUp = async (error: unknown, watched: readonly Watched[], jobName: string): Promise<never> => {
	const tokens = new Set(watched.map(({plan}) => plan.token));
	for (const submission of new Set(watched.map(({submission}) => submission))) {
		submission.noteCancelled();
	}

	const alive = await aliveTasks(jobName).catch(() => []);
	await cancelTasks(alive.filter(({token}) => tokens.has(token))).catch(() => {});
	throw error;
};

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
