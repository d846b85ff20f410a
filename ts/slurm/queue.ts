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
	readonly jobName: string;
	/** Why it waits. */
	readonly reason: string;
	/** The folder of its submission. */
	readonly folder: string;
};

/** What the names of all jobs begin with. */
export const jobPrefix = 'stepladder-';

const format = '%F %K %T %k|%j|%r|%Z'; // fields that may contain spaces last
const line = /^(\d+) (\d+) (\w+) ([^|]*)\|([^|]*)\|([^|]*)\|(.*)$/;

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
		const [, array = '', index = '', state = '', token = '', jobName = '', reason = '', folder = ''] =
			line.exec(text) ?? [];
		return jobName.startsWith(jobPrefix) ? [{token, array, index: Number(index), state, jobName, reason, folder}] : [];
	});
};

/** Reasons for which a task waits that do not pass by themselves. */
const lasting = new Set([
	...['DependencyNeverSatisfied', 'PartitionConfig', 'PartitionNodeLimit', 'PartitionTimeLimit', 'PartitionDown'],
	...['PartitionInactive', 'JobHeldUser', 'JobHeldAdmin', 'BadConstraints', 'AccountNotAllowed', 'QOSNotAllowed'],
]);

/** Returns whether a task waits for something that does not pass by itself. */
export const isStuck = ({state, reason}: AliveTask): boolean => state === 'PENDING' && lasting.has(reason);

/**
 * Cancels tasks. They end within half a minute; the ids of those that are over are ignored.
 *
 * @throws {SlurmError} if Slurm refuses
 */
export const cancelTasks = async (tasks: readonly AliveTask[], signal?: AbortSignal): Promise<void> => {
	const ids = [...new Set(tasks.map(({array}) => array))];
	if (ids.length === 0) {
		return;
	}

	const result = await runSlurm('scancel', ids, {signal});
	if (result.exitCode !== 0) {
		throw new SlurmError(`scancel failed: ${lastError('scancel', result)}`, 'scancel', result.stderr);
	}
};
