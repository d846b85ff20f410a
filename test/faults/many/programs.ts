// Programs as a user might write them, each in its own process, which it may end. Arguments: the program's name, the folder
// of IDX files, the engine and a number.
import {monitorEventLoopDelay} from 'node:perf_hooks';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {Worker} from 'node:worker_threads';
import {type Engine, idx, loadModel, type TrainOptions, train} from '../../../ts/index.js';
import {tinyStep} from '../tiny-step.js';

const [, , name = '', folder = '', engine = 'fused', count = '1'] = process.argv;
const data = idx(folder);
const plain = {data, engine: engine as Engine, device: 'cpu', threads: 1} as const satisfies TrainOptions;

/** Longer than any program runs. */
const endless = {...plain, epochs: 10_000} as const;

const say = (answer: unknown): void => {
	process.stdout.write(`${JSON.stringify(answer)}\n`);
};

/** Returns the memory of the process in MiB, after garbage collection. */
const memory = (): number => {
	global.gc?.();
	global.gc?.();
	return Math.round(process.memoryUsage.rss() / 2 ** 20);
};

const programs: Readonly<Record<string, () => Promise<void>>> = {
	/** Concurrent runs have the result of a single one. */
	async together() {
		const one = async (): Promise<string> => {
			const {seeds} = await train(tinyStep, {...plain, epochs: 3}).result;
			return JSON.stringify(seeds);
		};

		const alone = await one();
		const all = await Promise.all(Array.from({length: Number(count)}, one));
		say({different: all.filter(result => result !== alone).length});
	},

	/** Eight workers, each ended in the middle of an epoch. */
	async terminate() {
		const worker = fileURLToPath(new URL('worker.js', import.meta.url));
		for (let round = 0; round < Number(count); round += 1) {
			const workers = Array.from({length: 8}, () => new Worker(worker, {workerData: {folder, engine}}));
			await Promise.all(workers.map(begun));
			await Promise.all(workers.map(running => running.terminate()));
		}

		say({done: Number(count) * 8});
	},

	async exit() {
		await firstBatch();
		process.exit(7);
	},

	async throw() {
		await firstBatch();
		setImmediate(() => {
			throw new Error('of the program itself');
		});
		await new Promise(() => {});
	},

	/** Two seeds at once, and `process.exit()` while both train. */
	async 'exit-two'() {
		await firstBatch({seeds: [1, 2], jobs: 2});
		process.exit(7);
	},

	async predictions() {
		const [file = ''] = [process.env['MODEL']];
		const model = await loadModel(file);
		const image = new Uint8Array(28 * 28);
		const megabytes: number[] = [];
		for (let done = 0; done < Number(count); done += 1) {
			await model.predict(image);
			if (done % 100 === 99) {
				megabytes.push(memory());
			}
		}

		say({megabytes});
	},

	async models() {
		const megabytes: number[] = [];
		for (let done = 0; done < Number(count); done += 1) {
			await loadModel(process.env['MODEL'] ?? '');
			if (done % 100 === 99) {
				megabytes.push(memory());
			}
		}

		say({megabytes});
	},

	async trainings() {
		const megabytes: number[] = [];
		for (let done = 0; done < Number(count); done += 1) {
			await train(tinyStep, {...plain, epochs: 1}).result;
			if (done % 100 === 99) {
				megabytes.push(memory());
			}
		}

		say({megabytes});
	},

	/** The delay of the event loop while every core trains. */
	async delay() {
		const delay = monitorEventLoopDelay({resolution: 1});
		const {threads: _, ...rest} = plain;
		delay.enable();
		for await (const _event of train(tinyStep, {...rest, epochs: Number(count)})) {
			// reading events is work of this thread, too
		}

		delay.disable();
		say({p99: delay.percentile(99) / 1e6, most: delay.max / 1e6});
	},
};

const firstBatch = async (options: Partial<TrainOptions> = {}): Promise<void> => {
	for await (const event of train(tinyStep, {...endless, ...options})) {
		if (event.type === 'epoch') {
			return;
		}
	}
};

const begun = (worker: Worker): Promise<void> =>
	new Promise((resolve, reject) => {
		worker.once('message', () => resolve());
		worker.once('error', reject);
	});

const program = programs[name];
if (!program) {
	throw new Error(`there is no program ${name}`);
}

await program();
