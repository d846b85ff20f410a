import path from 'node:path';
import process from 'node:process';
import type {Command} from 'commander';
import {cacheFolder} from '../../cache/cache-folder.js';
import {cacheKinds, listCache} from '../../cache/entries.js';
import {formatBytes} from '../../format/bytes.js';
import {AbortError, LadderError} from '../../index.js';
import {libtorchFolder, ownLibtorch} from '../../libtorch/libtorch-folder.js';
import {missing, problemOf} from '../../libtorch/manifest.js';
import {torchCommand} from '../../libtorch/torch-addon.js';
import {currentCondition} from '../../native/condition.js';
import {hasTorch, native, nativeFor} from '../../native/load.js';
import {unwrap} from '../../native/unwrap.js';
import {commandHint} from '../../platform/command-hint.js';
import {dataSentence} from '../../report/data-sentence.js';
import {describeCluster, describeNode} from '../../slurm/check-cluster.js';
import {settleSlurm} from '../../slurm/options.js';
import {slurmFolder} from '../../slurm/submission.js';
import {exitCodes} from '../exit-codes.js';
import type {Interruption} from '../interruption.js';
import {
	chosenLadder,
	type DataFlags,
	type LadderFlags,
	openLadderData,
	withDataOption,
	withLadderOption,
} from '../ladder-options.js';
import {ownRuns} from '../own-runs.js';
import {print, printError} from '../print.js';

type Finding = {readonly what: string; readonly found?: string; readonly missing?: string};

type Flags = LadderFlags & DataFlags & {slurm: boolean};

export const doctorCommand = (command: Command, interruption: Interruption): Command =>
	withDataOption(withLadderOption(command))
		.option('--slurm', 'look at the cluster too, by a short task on a compute node', false)
		.action(async (flags: Flags) => {
			const findings = [
				find('Addon', () => {
					const {version, isa} = unwrap(native().runtimeInfo());
					return `version ${version}, computing with ${isa}`;
				}),
				find('Cores', () => String(unwrap(native().runtimeInfo()).cores)),
				find('libtorch', () => {
					const isOwn = ownLibtorch() !== undefined;
					const problem = isOwn ? undefined : problemOf(libtorchFolder(), {reread: true});
					if (!hasTorch() || problem === missing) {
						return `not here, which only \`--engine aten\` and \`--device cuda\` need: \`${torchCommand}\``;
					}

					if (problem !== undefined) {
						throw new Error(`${libtorchFolder()} ${problem}: get it with \`${torchCommand}\``);
					}

					const {libtorch, cuda} = unwrap(nativeFor({engine: 'aten'}).runtimeInfo());
					return `${libtorch} in ${libtorchFolder()}, ${cuda ? 'with a CUDA device' : 'without a CUDA device'}`;
				}),
				find('Cache', cacheSentence),
			];
			findings.push(...(await findLadderAndData(flags)));
			if (flags.slurm) {
				findings.push(...(await findCluster(flags, interruption.signal)));
			}

			for (const {what, found, missing} of findings) {
				print(`${missing ? '✗' : '✓'} ${what}: ${missing ?? found}\n`);
			}

			if (findings.some(({missing}) => missing)) {
				process.exitCode = exitCodes.failed;
			}
		});

/** Checks the ladder of the working folder and its data; having none is not a fault. */
const findLadderAndData = async (flags: LadderFlags & DataFlags): Promise<Finding[]> => {
	try {
		const ladder = await chosenLadder(flags);
		const steps = `${ladder.steps.length} ${ladder.steps.length === 1 ? 'step' : 'steps'}`;
		const found = [
			{what: 'Ladder', found: `${ladder.name}, ${steps}, in ${ladder.folder}`},
			...ladder.refused.map(({name, error}) => ({what: `Step \`${name}\``, missing: error.message})),
		];
		try {
			const data = await openLadderData(ladder, flags);
			return [...found, {what: 'Data', found: `${dataSentence(data).replace(/^Data: /, '')} In ${data.idx.folder}`}];
		} catch (error) {
			return [...found, {what: 'Data', missing: String(error instanceof Error ? error.message : error)}];
		}
	} catch (error) {
		if (error instanceof LadderError && flags.ladder === undefined && error.line === undefined) {
			return [{what: 'Ladder', found: `none here: ${error.message}`}];
		}

		return [{what: 'Ladder', missing: String(error instanceof Error ? error.message : error)}];
	}
};

/** Looks at the cluster, and at one of its nodes by the ladder's options. */
const findCluster = async (flags: Flags, signal: AbortSignal): Promise<Finding[]> => {
	const findings: Finding[] = [];
	try {
		const {version, partitions, maxArraySize} = await describeCluster(signal);
		findings.push({
			what: 'Cluster',
			found: `${version}, partitions ${partitions.join(', ')}; arrays of up to ${maxArraySize} tasks`,
		});
		const ladder = await chosenLadder(flags);
		const data = await openLadderData(ladder, flags, signal);
		const {versions, addon} = currentCondition({engine: 'fused'});
		const {host, node, cores, unseen} = await describeNode({
			...{options: settleSlurm(ladder.slurm), folder: path.join(ownRuns(ladder), slurmFolder), signal},
			...{version: versions.stepladder, sources: addon?.sources, paths: [ladder.folder, data.idx.folder]},
			report: sentence => void printError(`${sentence}\n`),
		});
		const found = `${host}, Node ${node}, the addon of this version, ${cores} ${cores === 1 ? 'core' : 'cores'} for a task`;
		findings.push({what: 'Compute node', found});
		findings.push(
			...unseen.map(file => ({
				what: 'Compute node',
				...(file === data.idx.folder
					? {found: `does not see ${file}: each task opens the images again, from the ladder`}
					: {missing: `does not see ${file}: it has to be in a folder that the cluster shares`}),
			})),
		);
	} catch (error) {
		if (error instanceof AbortError) {
			throw error;
		}

		const what = findings.length === 0 ? 'Cluster' : 'Compute node';
		findings.push({what, missing: error instanceof Error ? error.message : String(error)});
	}

	return findings;
};

/** The cache's size by kind, and how to make it smaller. */
const cacheSentence = (): string => {
	const entries = listCache();
	const parts = cacheKinds.flatMap(kind => {
		const bytes = entries.filter(entry => entry.kind === kind).reduce((sum, entry) => sum + entry.bytes, 0);
		return bytes > 0 ? [`${kind} ${formatBytes(bytes)}`] : [];
	});
	return parts.length === 0
		? `empty, in ${cacheFolder()}`
		: `${parts.join(', ')}, in ${cacheFolder()}; \`${commandHint('cache')}\` lists it`;
};

const find = (what: string, look: () => string): Finding => {
	try {
		return {what, found: look()};
	} catch (error) {
		return {what, missing: error instanceof Error ? error.message : String(error)};
	}
};
