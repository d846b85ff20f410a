import {SlurmError} from '../errors/index.js';
import {lastError, runSlurm} from './slurm-program.js';

/** A task that isn't over: it waits, runs, or is about to end. */
export type AliveTask = {
	/** The token of its submission. */
	readonly token: string;
	/** The id of its array. */
	readonly array: string;
	readonly index: number;
	/** `PENDING`, `RUNNING` and others. */
	readonly state: string;
	/** Its partition, or those that it may go to. */
	readonly partition: string;
	readonly jobName: string;
	/** Why it waits. */
	readonly reason: string;
	/** The folder of its submission. */
	readonly folder: string;
};

/** What the names of all jobs begin with. */
export const jobPrefix = 'stepladder-';

const format = '%F %K %T %P %k|%j|%r|%Z'; // fields that may contain spaces last
const line = /^(\d+) (\d+) (\w+) (\S+) ([^|]*)\|([^|]*)\|([^|]*)\|(.*)$/;

/**
 * Asks which tasks of this user are alive. By name and not by id: Slurm forgets ids, and may use them again.
 *
 * @param jobName of the tasks; by default all that Stepladder submitted
 * @throws {SlurmError} if there is no answer, which says nothing about the tasks
 * @throws {AbortError}
 */
export const aliveTasks = async (jobName: string | undefined, signal?: AbortSignal): Promise<AliveTask[]> => {
	const named = jobName === undefined ? [] : ['--name', jobName];
	const result = await runSlurm('squeue', ['--me', '-h', '-r', ...named, '-o', format], {signal});
	if (result.exitCode !== 0) {
		throw new SlurmError(`squeue failed: ${lastError('squeue', result)}`, 'squeue', result.stderr);
	}

	return result.stdout.split('\n').flatMap(text => {
		const [, array = '', index = '', state = '', partition = '', token = '', jobName = '', reason = '', folder = ''] =
			line.exec(text) ?? [];
		return jobName.startsWith(jobPrefix)
			? [{token, array, index: Number(index), state, partition, jobName, reason, folder}]
			: [];
	});
};

/** Reasons for which a task waits that do not pass by themselves. */
const lasting = new Set([
	...['DependencyNeverSatisfied', 'PartitionConfig', 'PartitionNodeLimit', 'PartitionTimeLimit', 'PartitionDown'],
	...['PartitionInactive', 'JobHeldUser', 'JobHeldAdmin', 'launch failed requeued held'],
]);

/** Reasons that are about what was asked for, with the option. Slurm may give them as names or as sentences. */
const refusals: ReadonlyArray<readonly [RegExp, 'time' | 'account' | 'extra']> = [
	[/^PartitionTimeLimit$/, 'time'],
	[/^(AccountNotAllowed|InvalidAccount|Job's account )/, 'account'],
	[/^(QOSNotAllowed|InvalidQOS|BadConstraints|Job's QOS )/, 'extra'],
];

/** Returns the option for whose sake a task waits for ever; `undefined` if it doesn't, or another of its partitions may take it. */
export const refusedOption = ({state, reason, partition}: AliveTask): 'time' | 'account' | 'extra' | undefined =>
	state === 'PENDING' && !partition.includes(',') ? refusals.find(([pattern]) => pattern.test(reason))?.[1] : undefined;

/** Returns whether a task waits for something that does not pass by itself. */
export const isStuck = (task: AliveTask): boolean =>
	task.state === 'PENDING' && (lasting.has(task.reason) || refusedOption(task) !== undefined);

/**
 * Cancels the arrays of tasks. They end within half a minute; the ids of those that are over are ignored.
 *
 * @param which words for scancel, if not all tasks of an array are meant
 *
 * @throws {SlurmError} if Slurm refuses
 */
export const cancelTasks = async (
	tasks: readonly AliveTask[],
	signal?: AbortSignal,
	which: readonly string[] = [],
): Promise<void> => {
	const ids = [...new Set(tasks.map(({array}) => array))];
	if (ids.length === 0) {
		return;
	}

	const result = await runSlurm('scancel', [...which, ...ids], {signal});
	if (result.exitCode !== 0) {
		throw new SlurmError(`scancel failed: ${lastError('scancel', result)}`, 'scancel', result.stderr);
	}
};
