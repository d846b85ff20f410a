// A program that uses the addon directly: `node native-child.js TASK`. It is to end by itself, with exit code 0.
import {readFile, stat} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {isMainThread, parentPort, Worker} from 'node:worker_threads';
import type {Experiment} from '../../ts/experiment/experiment.js';
import type {Model, RunEvent} from '../../ts/native/binding.js';
import {native} from '../../ts/native/load.js';
import {unwrap} from '../../ts/native/unwrap.js';
import {root} from './cli.js';

const samples = path.join(root, 'test', 'samples');
const squares = path.join(samples, 'squares');
const modelFile = path.join(samples, 'format-2', 'model.safetensors');

/** Images of 8 x 8 pixels that take a tenth of a second or more. */
const manyImages = new Uint8Array(100_000 * 64);

const print = (...words: string[]): void => {
	process.stdout.write(words.join(' '));
};

const loadModel = async (): Promise<Model> => unwrap(await native().loadModel(modelFile));

const startRun = async () => {
	const {augmentation, ...experiment} = JSON.parse(
		await readFile(path.join(squares, 'experiment.json'), 'utf8'),
	) as Experiment; // augmentation is null there
	const options = {seed: 1, device: 'cpu', engine: 'fused', threads: 1, dataDir: squares} as const;
	return native().Run.start(experiment, {...options, classNames: []});
};

const isLast = ({type}: RunEvent): boolean => type === 'finished' || type === 'failed';

/** A worker in the midst of its predictions. */
const predictingWorker = async (): Promise<Worker> => {
	const worker = new Worker(fileURLToPath(import.meta.url));
	await new Promise((resolve, reject) => {
		worker.once('message', resolve);
		worker.once('error', reject);
	});
	return worker;
};

const tasks = {
	/** Prints the last event of a run, and those that two later calls of `next` resolve to. */
	async 'next after the end'() {
		const run = await startRun();
		let last = await run.next();
		while (!isLast(last)) {
			last = await run.next();
		}

		print(last.type, (await run.next()).type, (await run.next()).type);
	},
	/** Calls `next` more often than there are events, and prints whether several calls resolve to the last one. */
	async 'next, many at once'() {
		const run = await startRun();
		const events = await Promise.all(Array.from({length: 100}, async () => run.next()));
		print(events.filter(isLast).length > 1 ? 'several' : 'one');
	},
	/** Prints in which order eight predictions of one model and a call of the file system settle. */
	async predictions() {
		const model = await loadModel();
		const order: string[] = [];
		const predictions = Array.from({length: 8}, async (_, index) => {
			unwrap(await model.predict(manyImages));
			order.push(String(index));
		});
		await stat(modelFile);
		order.push('file');
		await Promise.all(predictions);
		print(...order);
	},
	/** Ends workers while they predict, one of them with predictions that have not begun. */
	async terminate() {
		for (let round = 0; round < 2; round++) {
			const workers = await Promise.all([predictingWorker(), predictingWorker()]);
			await Promise.all(workers.map(async worker => worker.terminate()));
		}
	},
	async 'exit above workers'() {
		await Promise.all([predictingWorker(), predictingWorker()]);
		process.exit(0);
	},
	async exit() {
		const model = await loadModel();
		for (let count = 0; count < 8; count++) {
			void model.predict(manyImages);
		}

		setTimeout(() => process.exit(0), 20);
	},
} as const;

/** Something to do with the addon. */
export type NativeTask = keyof typeof tasks;

if (!isMainThread) {
	const model = await loadModel();
	const predictions = Array.from({length: 4}, async () => model.predict(manyImages));
	parentPort?.postMessage('predicting');
	await Promise.all(predictions);
} else if (process.argv[1] === fileURLToPath(import.meta.url)) {
	await tasks[process.argv[2] as NativeTask]();
}
