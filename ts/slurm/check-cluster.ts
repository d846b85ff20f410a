import {randomBytes} from 'node:crypto';
import {existsSync, readFileSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {SlurmError} from '../errors/index.js';
import {makeFolders} from '../fs/make-folders.js';
import {removeIfEmpty} from '../fs/remove-if-empty.js';
import {writeFileAtomic} from '../fs/write-file-atomic.js';
import type {SettledSlurm} from './options.js';
import {runOnSlurm} from './run-on-slurm.js';
import {lastError, runSlurm} from './slurm-program.js';
import type {PlannedItem} from './submission.js';
import {maxArraySize, partitionNames} from './submit.js';
import type {RunEvent, TaskPlace, Worker} from './task.js';

/** The kind of a look at a compute node. */
export const checkKind = 'check';

/** The version of Slurm, and what it offers. */
export type ClusterDescription = {
	readonly version: string;
	readonly partitions: readonly string[];
	/** The number of tasks that an array may have. */
	readonly maxArraySize: number;
};

/** A compute node, as a task finds it. */
export type NodeDescription = {
	readonly host: string;
	readonly node: string;
	/** Cores that the task may use. */
	readonly cores: number;
	/** Those of some paths that it does not see. */
	readonly unseen: readonly string[];
};

/** Describes the cluster, or says what is missing: @throws {SlurmError} */
export const describeCluster = async (signal?: AbortSignal): Promise<ClusterDescription> => {
	const version = await runSlurm('sbatch', ['--version'], {signal});
	const nodes = version.exitCode === 0 ? await runSlurm('sinfo', ['-h'], {signal}) : version;
	if (nodes.exitCode !== 0) {
		throw new SlurmError(`Slurm does not answer: ${lastError('sbatch', nodes)}`, 'sinfo', nodes.stderr);
	}

	const partitions = await partitionNames(signal);
	return {version: version.stdout.trim(), partitions, maxArraySize: await maxArraySize(signal)};
};

/** How a compute node is looked at. */
export type NodeCheck = {
	readonly options: SettledSlurm;
	/** A folder that the runs are below: the task writes there, and its answer is read there. */
	readonly folder: string;
	/** Paths that a node should see too. */
	readonly paths: readonly string[];
	readonly version: string;
	readonly sources: string | undefined;
	readonly report: (sentence: string) => void;
	readonly signal: AbortSignal;
};

/**
 * Has a short task look at a compute node. It loads the addon, as every task does.
 *
 * @throws {ConfigError} and {@link SlurmError} if it can't be submitted or can't be started there
 * @throws {StepladderError} if the node has another version, or none that works
 */
export const describeNode = async (check: NodeCheck): Promise<NodeDescription> => {
	const {options, version, sources, paths, report, signal} = check;
	const folder = path.resolve(check.folder, `check-${randomBytes(4).toString('hex')}`);
	const answer = path.join(folder, 'answer.json');
	makeFolders(folder);
	try {
		await runOnSlurm<PlannedItem>({
			...{kind: checkKind, title: 'doctor', version, sources, report, signal, detach: false},
			...{options: {...options, time: 2}, shared: paths, items: [{key: answer}], folder: path.join(folder, 'tasks')},
			isDone: () => existsSync(answer),
			emit() {},
		});
		return JSON.parse(readFileSync(answer, 'utf8'));
	} finally {
		rmSync(folder, {recursive: true, force: true, maxRetries: 5});
		removeIfEmpty(check.folder);
	}
};

/** Looks at the node of a task. */
export const checkWorker = async (shared: unknown, {cores}: TaskPlace): Promise<Worker<PlannedItem>> => ({
	jobs: 1,
	isDone: ({key}) => existsSync(key),
	async train({key}, _, emit: (event: RunEvent) => void) {
		const unseen = (shared as readonly string[]).filter(file => !existsSync(file));
		const found: NodeDescription = {host: os.hostname(), node: process.versions.node, cores, unseen};
		writeFileAtomic(key, JSON.stringify(found));
		emit({type: 'finished'});
	},
});
