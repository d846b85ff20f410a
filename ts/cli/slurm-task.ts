// The program of a task of Slurm. Like main.ts, it listens to signals before it loads what takes time.
import process from 'node:process';
import type {DataSource} from '../data/data.js';

const [limit, term] = [new AbortController(), new AbortController()];
process.on('SIGUSR2', () => limit.abort());
process.on('SIGTERM', () => term.abort());

const [folder = '', index = ''] = process.argv.slice(2);
const {runTask} = await import('../slurm/task.js');
const {currentCondition} = await import('../native/condition.js');
const {checkKind, checkWorker} = await import('../slurm/check-cluster.js');
const {sweepKind, sweepWorker} = await import('../sweep/sweep-task.js');
const {seedsKind, seedsWorker} = await import('../training/seeds-task.js');
const {openLadder} = await import('../ladder/open-ladder.js');
const {versions, addon} = currentCondition({engine: 'fused'});
const ladderData = (ladder: string): DataSource => ({
	open: async (base, options) => (await openLadder(ladder)).data.open(base, options),
});
process.exitCode = await runTask(
	folder,
	Number(index),
	{[checkKind]: checkWorker, [sweepKind]: sweepWorker(ladderData), [seedsKind]: seedsWorker(ladderData)},
	{version: versions.stepladder, sources: addon?.sources},
	{limit: limit.signal, term: term.signal},
);
