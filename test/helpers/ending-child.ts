// A program that ends during training: `node ending-child.js ENDING ENGINE FOLDER MILLISECONDS THREADS`.
// FOLDER has four IDX files of 28 x 28 images, and MILLISECONDS pass after the first batch.
import {readdirSync, readFileSync} from 'node:fs';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {isMainThread, parentPort, Worker, workerData} from 'node:worker_threads';
import {type Engine, idx, train} from '../../ts/index.js';
import {nativeFor} from '../../ts/native/load.js';
import type {Trainable} from '../../ts/step/define-step.js';

type Work = {readonly engine: Engine; readonly folder: string; readonly threads: number};

const step: Trainable = {
	name: 'ending',
	experiment: {
		net: {
			...{channels: 1, size: 28, classes: 10},
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: false, norm: 'batch', dropout: 0.1},
			body: [
				{kind: 'max-pool', kernel: 2},
				{kind: 'block', channels: 8, kernel: 3, padding: 0},
				{kind: 'block', channels: 8, kernel: 3, padding: 0},
			],
			head: [
				{kind: 'average-pool', kernel: 10},
				{kind: 'conv', channels: 10, kernel: 1, padding: 0, bias: true},
				{kind: 'flatten'},
			],
		},
		optimizer: {momentum: 0.9, nesterov: true, weightDecay: 0},
		schedule: {kind: 'constant', learningRate: 0.01},
		...{labelSmoothing: 0, batchSize: 64, epochs: 10_000},
	},
	target: {testAccuracy: 0.5, heldFor: 1, maxParameters: 10_000, maxEpochs: 10_000},
};

const begin = ({engine, folder, threads}: Work) => train(step, {data: idx(folder), engine, threads});

/** Resolves after the first batch. */
const begun = async (work: Work): Promise<void> => {
	for await (const {type} of begin(work)) {
		if (type === 'batch') {
			return;
		}
	}
};

/** Reads a file of a thread, which may have ended. */
const readIfThere = (file: string): string => {
	try {
		return readFileSync(file, 'utf8');
	} catch {
		return '';
	}
};

const pause = async (milliseconds: number): Promise<void> => {
	await new Promise(resolve => {
		setTimeout(resolve, milliseconds);
	});
};

const endings = {
	/** Eight workers, each stopped in mid-epoch, one after another. */
	async terminate(work: Work, milliseconds: number) {
		const workers = Array.from({length: 8}, () => new Worker(fileURLToPath(import.meta.url), {workerData: work}));
		await Promise.all(
			workers.map(async worker => {
				await new Promise((resolve, reject) => {
					worker.once('message', resolve);
					worker.once('error', reject);
				});
				await pause(Math.random() * milliseconds);
				await worker.terminate();
			}),
		);
	},
	/** Eight workers in training while their process exits. */
	async 'exit above workers'(work: Work, milliseconds: number) {
		const workers = Array.from({length: 8}, () => new Worker(fileURLToPath(import.meta.url), {workerData: work}));
		await Promise.all(workers.map(async worker => new Promise(resolve => worker.once('message', resolve))));
		await pause(milliseconds);
		process.exit(0);
	},
	async exit(work: Work, milliseconds: number) {
		await begun(work);
		await pause(milliseconds);
		process.exit(0);
	},
	async throw(work: Work, milliseconds: number) {
		await begun(work);
		setTimeout(() => {
			throw new Error('thrown on purpose');
		}, milliseconds);
	},
	/** The process ends with the run, whose events are not read. */
	async 'let go'({engine, folder, threads}: Work) {
		const {experiment} = step;
		nativeFor({engine}).Run.start(experiment, {
			seed: 1,
			device: 'cpu',
			engine,
			threads,
			dataDir: folder,
			classNames: [],
		});
		const isTraining = (): boolean =>
			readdirSync('/proc/self/task').some(task => /^stepladder-run/.test(readIfThere(`/proc/self/task/${task}/comm`)));
		for (let waiting = isTraining(); waiting; waiting = isTraining()) {
			await pause(1);
			globalThis.gc?.();
		}
	},
} as const;

/** How a process may end. */
export type Ending = keyof typeof endings;

if (!isMainThread) {
	await begun(workerData as Work);
	parentPort?.postMessage('training');
} else if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const [ending, engine, folder = '', milliseconds, threads] = process.argv.slice(2);
	await endings[ending as Ending]({engine: engine as Engine, folder, threads: Number(threads)}, Number(milliseconds));
}
