import process from 'node:process';
import {setTimeout as sleep} from 'node:timers/promises';
import {ConfigError, SlurmError} from '../errors/index.js';
import {abortedBy} from '../platform/abort.js';
import {type SettledSlurm, warningSeconds} from './options.js';
import {aliveTasks} from './queue.js';
import {lastError, mayPass, type ProgramResult, runSlurm} from './slurm-program.js';
import type {Submission, SubmissionPlan} from './submission.js';

/** Seconds between two tries, if the controller doesn't answer or its queue is full. */
const pause = 10;

/**
 * Asks Slurm whether it can ever run such a task: `sbatch` itself accepts some that wait for ever.
 *
 * @throws {ConfigError} naming the option that the cluster refuses
 * @throws {SlurmError} if Slurm is missing, or doesn't answer
 */
export const testSubmission = async (options: SettledSlurm, signal?: AbortSignal): Promise<void> => {
	const result = await runSlurm('sbatch', ['--test-only', ...resources(options)], {
		input: '#!/bin/sh\nexit 0\n',
		signal,
	});
	if (result.exitCode !== 0) {
		throw await refusal(result, options);
	}
};

/**
 * Submits a plan that has been written. Waits while the controller doesn't answer or its queue is full, and then looks first
 * whether the tasks are there: the answer may have been lost.
 *
 * @param entry the file of the program that a task runs
 * @param report receives a sentence, if it takes time
 * @throws {ConfigError} and {@link SlurmError} if Slurm refuses
 * @throws {AbortError}
 */
export const submit = async (
	submission: Submission,
	plan: SubmissionPlan,
	{
		entry,
		report,
		signal,
	}: {readonly entry: string; readonly report: (sentence: string) => void; readonly signal: AbortSignal},
): Promise<void> => {
	const {options, tasks, jobName, token} = plan;
	const {folder} = submission;
	const limit = options.arrayLimit === undefined ? '' : `%${options.arrayLimit}`;
	const words = [
		...['--parsable', '--requeue', '--open-mode=append', `--array=0-${tasks.length - 1}${limit}`],
		...[`--signal=B:USR2@${warningSeconds(options)}`, `--job-name=${jobName}`, `--comment=${token}`],
		...[`--chdir=${folder}`, `--output=${submission.output('%a')}`, ...resources(options)],
	];
	// `exec`: a shell would get the signals, and die of them.
	const script = `#!/bin/sh
cd ${quoted(folder)} || exit 75
exec ${[process.execPath, entry, folder].map(quoted).join(' ')} "$SLURM_ARRAY_TASK_ID"
`;
	let isReported = false;
	const say = (line: string): void => {
		if (!isReported && /retry|unable|contact/i.test(line)) {
			isReported = true;
			report(`sbatch: ${line.replace(/^sbatch: (error: )?/, '')}; still trying`);
		}
	};
	for (;;) {
		const result = await runSlurm('sbatch', words, {input: script, signal, report: say});
		if (result.exitCode === 0 && /^\d/.test(result.stdout)) {
			return;
		}

		if (result.exitCode === 0) {
			throw new SlurmError('sbatch submitted no job, and says nothing of why', 'sbatch', result.stderr);
		}

		if (!mayPass(result)) {
			throw await refusal(result, options);
		}

		say(lastError('sbatch', result));
		await sleep(pause * 1000, undefined, {signal}).catch(() => {
			throw abortedBy(signal);
		});
		const alive = await aliveTasks(jobName, signal).catch(error => {
			if (error instanceof SlurmError) {
				return [];
			}

			throw error;
		});
		if (alive.some(task => task.token === token)) {
			return;
		}
	}
};

/** The number of tasks that an array may have. */
export const maxArraySize = async (signal?: AbortSignal): Promise<number> => {
	const {stdout} = await runSlurm('scontrol', ['show', 'config'], {signal});
	return Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(stdout)?.[1] ?? 1000);
};

const resources = ({partition, account, time, mem, cpus, extra = []}: SettledSlurm): string[] => [
	...['-n', '1', '-c', String(cpus), `--mem=${mem}`, `--time=${time}`],
	...(partition === undefined ? [] : [`--partition=${partition}`]),
	...(account === undefined ? [] : [`--account=${account}`]),
	...extra,
];

/** Sentences of sbatch by the option that they are about. */
const causes: ReadonlyArray<readonly [RegExp, keyof SettledSlurm, string]> = [
	[/partition/i, 'partition', 'a partition of the cluster that takes this job'],
	[/account/i, 'account', 'an account that the cluster knows, for this partition'],
	[/time limit|--time/i, 'time', 'a time limit that the partition allows'],
	[/memory/i, 'mem', 'memory that a node of the cluster has'],
	[/processors|cpu count/i, 'cpus', 'cores that a node of the cluster has'],
	[/gres|feature|constraint|node name|option|qos|license/i, 'extra', 'options of sbatch that the cluster accepts'],
];

const refusal = async (result: ProgramResult, options: SettledSlurm): Promise<Error> => {
	const why = lastError('sbatch', result);
	const cause = mayPass(result) ? undefined : causes.find(([pattern]) => pattern.test(why));
	if (cause) {
		const [, option, expected] = cause;
		const partitions = option === 'partition' ? await partitionNames() : [];
		const known = partitions.length > 0 ? `: ${partitions.join(', ')}` : '';
		const got = String(options[option] ?? 'the cluster’s own');
		const sentence = `\`slurm.${option}\` should be ${expected}${known}; got ${got}, and sbatch says: ${why}`;
		return new ConfigError(`slurm.${option}`, expected, got, sentence);
	}

	const {partition = 'the cluster’s own', time, mem, cpus} = options;
	const asked = `partition ${partition}, cpus ${cpus}, mem ${mem}, time ${time} min`;
	const sentence = mayPass(result)
		? `Slurm does not answer: ${why}`
		: `Slurm can’t run such a task (${asked}): ${why}${await nodeStates()}`;
	return new SlurmError(sentence, 'sbatch', result.stderr);
};

/** The states of the cluster's nodes as the end of a sentence: nodes that are drained refuse what they could run otherwise. */
const nodeStates = async (): Promise<string> => {
	const {exitCode, stdout} = await runSlurm('sinfo', ['-h', '-o', '%D %T in %R']);
	const states = stdout.split('\n').filter(line => line !== '');
	return exitCode === 0 && states.length > 0 ? `; nodes: ${states.join(', ')}` : '';
};

/** The names of the cluster's partitions; none if Slurm does not say. */
export const partitionNames = async (signal?: AbortSignal): Promise<string[]> => {
	const {exitCode, stdout} = await runSlurm('sinfo', ['-h', '-o', '%R'], {signal});
	return exitCode === 0 ? [...new Set(stdout.split('\n').filter(name => name !== ''))] : [];
};

/** Quotes a word for a shell. */
const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;
