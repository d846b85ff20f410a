import {randomBytes} from 'node:crypto';
import path from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {AbortError, ConfigError, SlurmError, StepladderError} from '../errors/index.js';
import type {ErrorCode} from '../errors/stepladder-error.js';
import {displayPath} from '../format/command-line.js';
import {formatThrown} from '../format/value.js';
import {sha256} from '../fs/hash.js';
import {removeIfEmpty} from '../fs/remove-if-empty.js';
import {abortedBy} from '../platform/abort.js';
import {commandHint, ownCommand} from '../platform/command-hint.js';
import {packageRoot} from '../platform/package-root.js';
import {partsOf} from '../platform/run-workers.js';
import type {SettledSlurm} from './options.js';
import {type AliveTask, aliveTasks, cancelTasks, isStuck, jobPrefix, refusedOption} from './queue.js';
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
	const unfinished = new Map(items.filter(item => !isDone(item)).map(item => [item.key, item]));
	if (unfinished.size === 0) {
		await cleanUp(work, jobName);
		return true;
	}

	const hasEarlier = Submission.list(folder).length > 0;
	const watched = hasEarlier ? watchEarlier(folder, await aliveTasks(jobName, signal)) : [];
	if (watched.length > 0) {
		report(`${count(watched.length, 'task')} of an earlier command still in the queue`);
	}

	const begin = async (keys: Iterable<string>): Promise<void> => {
		const missing = [...keys].flatMap(key => unfinished.get(key) ?? []);
		if (missing.length > 0) {
			await submitItems(missing, jobName, work, watched);
		}
	};
	const covered = new Set(watched.flatMap(keysOf));
	const uncovered = [...unfinished.keys()].filter(key => !covered.has(key));
	try {
		if (uncovered.length > 0) {
			await testSubmission(work.options, signal);
		}

		await begin(uncovered);
		if (detach) {
			return false;
		}

		await waitForAll(work, jobName, {watched, unfinished, begin});
	} catch (error) {
		const left = watched.filter(({submission}) => !submission.isCancelled).length;
		if (left > 0 && !(error instanceof AbortError)) {
			const ending = `to end: \`${commandHint('jobs', 'cancel')}\``;
			report(`left in the queue: ${count(left, 'task')}; to wait: run the same command again; ${ending}`);
		}

		throw error;
	}

	await cleanUp(work, jobName, report);
	return true;
};

/** What is left of a work. */
type Rest<Item extends PlannedItem> = {
	readonly watched: Watched[];
	readonly unfinished: Map<string, Item>;
	/** Submits runs. */
	readonly begin: (keys: Iterable<string>) => Promise<void>;
};

/** Waits until all runs have finished, and submits again what tasks leave. */
const waitForAll = async <Item extends PlannedItem>(
	work: SlurmWork<Item>,
	jobName: string,
	{watched, unfinished, begin}: Rest<Item>,
): Promise<void> => {
	const {isDone, report, signal} = work;
	const tries = new Map<string, number>();
	const queue = new QueueWatch(jobName, report, signal);
	const giveUp = async (error: unknown, ended: readonly Watched[] = []): Promise<never> => {
		await cancelWatched([...ended, ...watched.splice(0)], jobName, report);
		throw error;
	};
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
					await giveUp(error, [task]);
				}

				lost.push(...left);
			}
		}

		if (unfinished.size === 0) {
			return;
		}

		if (queue.refusal) {
			await giveUp(queue.refusal);
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

/**
 * Removes the plans and outputs of work that has finished, and ends tasks that still wait for it: a controller that was killed begins
 * some again. Tasks that have other runs too, as those of an earlier command with more seeds, stay.
 *
 * @param report receives a sentence if some stay
 */
const cleanUp = async <Item extends PlannedItem>(
	{folder, items, isDone}: SlurmWork<Item>,
	jobName: string,
	report: (sentence: string) => void = () => {},
): Promise<void> => {
	const submissions = Submission.list(folder);
	const alive = submissions.length > 0 ? await aliveTasks(jobName).catch(() => []) : [];
	const keys = new Set(items.map(({key}) => key));
	// those that an earlier command of this work had finished are not among the items
	const isOwn = (item: PlannedItem): boolean => keys.has(item.key) || isDone(item as Item);
	const over: AliveTask[] = [];
	let others = 0;
	for (const submission of submissions) {
		const plan = submission.readPlan();
		const tasks = alive.filter(({token}) => token === plan?.token);
		if (tasks.length > 0 && !plan?.items.every(isOwn)) {
			others += tasks.length;
		} else {
			over.push(...tasks.filter(({state}) => state === 'PENDING'));
			submission.remove();
		}
	}

	await cancelTasks(over, undefined, ['--state=PENDING']).catch(() => {}); // they would find no plan, and end
	if (others > 0) {
		report(`left in the queue: ${count(others, 'task')} of other runs; \`${commandHint('jobs')}\` lists them`);
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

/** Writes the plan, and submits it: in several arrays, if the cluster allows no array of so many tasks. They are added to those watched. */
const submitItems = async <Item extends PlannedItem>(
	items: readonly Item[],
	jobName: string,
	work: SlurmWork<Item>,
	watched: Watched[],
): Promise<void> => {
	const {folder, options, report, signal, kind, title, version, sources, shared} = work;
	const perTask = options.runsPerTask ?? Math.max(options.cpus, Math.ceil(items.length / 64));
	const perArray = perTask * Math.max(1, await maxArraySize(signal)); // 0: a cluster without arrays, as sbatch says then
	let submitted = 0;
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
		try {
			await submit(submission, plan, {entry: taskEntry, report, signal});
		} catch (error) {
			if (error instanceof AbortError) {
				report('interrupted while tasks were submitted, which may be in the queue'); // `sbatch` goes on
			} else {
				submission.remove(); // whose tasks do not exist
			}

			throw error;
		}

		watched.push(...plan.tasks.map((_, index) => watch(submission, plan, index, 0)));
		submitted += plan.tasks.length;
	}

	report(`submitted ${count(items.length, 'run')} in ${count(submitted, 'task')} as \`${jobName}\``);
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
	/** How many answers in turn said that a task waits for ever. */
	#refused = 0;
	#refusal: ConfigError | undefined;

	constructor(jobName: string, report: (sentence: string) => void, signal: AbortSignal) {
		this.#jobName = jobName;
		this.#report = report;
		this.#signal = signal;
	}

	/** Names the option for whose sake tasks wait for ever. */
	get refusal(): ConfigError | undefined {
		return this.#refusal;
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

		this.#noteRefused(watched, states);

		const known = alive.map(({token, index, state}) => `${token} ${index} ${state}`).join('\n');
		const isMissing = watched.some(({missing}) => missing > 0);
		this.#interval = known === this.#known && !isMissing ? Math.min(lastAsk, this.#interval * 1.5) : firstAsk;
		this.#known = known;
		return watched.filter(({missing}) => missing >= 2);
	}

	#noteRefused(watched: readonly Watched[], states: ReadonlyMap<string, AliveTask>): void {
		const refused = watched.flatMap(({plan, index}) => {
			const found = states.get(`${plan.token} ${index}`);
			const option = found && refusedOption(found);
			return option ? [{option, options: plan.options, reason: found.reason}] : [];
		});
		this.#refused = refused.length > 0 ? this.#refused + 1 : 0;
		const [first] = refused;
		if (first && this.#refused >= 2) {
			const {option, options, reason} = first;
			const [expected, got] = {
				time: ['a time limit that the partition allows', `${options.time} min`],
				account: ['an account that may use the partition', options.account ?? 'the user’s own'],
				extra: ['options of sbatch that the cluster accepts', (options.extra ?? []).join(' ') || 'none'],
			}[option] as [string, string];
			const sentence = `\`slurm.${option}\` should be ${expected}; got ${got}, and the tasks, which were ended now, waited for ever: ${reason}`;
			this.#refusal = new ConfigError(`slurm.${option}`, expected, got, sentence);
		}
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

/** Cancels the tasks that are left after a failure. */
const cancelWatched = async (
	watched: readonly Watched[],
	jobName: string,
	report: (sentence: string) => void,
): Promise<void> => {
	const tokens = new Set(watched.map(({plan}) => plan.token));
	for (const submission of new Set(watched.map(({submission}) => submission))) {
		submission.noteCancelled();
	}

	try {
		await cancelTasks((await aliveTasks(jobName)).filter(({token}) => tokens.has(token)));
	} catch (error) {
		const why = error instanceof Error ? error.message : formatThrown(error);
		report(`its other tasks could not be ended: ${why}; later: \`${commandHint('jobs', 'cancel')}\``);
	}
};

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
