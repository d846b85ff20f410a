import {appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {sync as writeFileAtomicSync} from 'write-file-atomic';
import {WriteError} from '../errors/index.js';
import type {Step, Target} from '../experiment/define-step.js';
import type {EpochEvent} from '../experiment/events.js';
import type {Experiment} from '../experiment/experiment.js';
import type {FinishedSeed, TrainOptions} from '../experiment/train.js';
import {native} from '../native/load.js';

/** libtorch's version, which the build was held to. */
const libtorchVersion = '2.13.0';

const columns = [
	...['epoch', 'learningRate', 'trainLoss', 'trainCorrect', 'trainTotal'],
	...['testLoss', 'testCorrect', 'testTotal', 'seconds'],
] as const;

type Started = {
	readonly step: Step;
	readonly experiment: Experiment;
	readonly seed: number;
	readonly options: TrainOptions;
};

type Finished = FinishedSeed & {readonly step: string; readonly parameters: number; readonly target: Target};

/**
 * What is kept of one seed's run: `config.json` when it starts, a line an epoch in `events.jsonl` and
 * `metrics.csv`, `model.safetensors` and `result.json` at the end. Without the last the run is unfinished.
 */
export class RunFolder {
	readonly path: string;

	private constructor(folder: string) {
		this.path = folder;
	}

	/**
	 * Makes `out/<step>/<UTC time>-s<seed>`, and writes down what is about to run.
	 *
	 * @throws {WriteError}
	 */
	static create(out: string, {step, experiment, seed, options}: Started): RunFolder {
		const parent = path.resolve(out, step.name);
		const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
		return writing(parent, () => {
			makeFolders(parent);
			const folder = new RunFolder(makeFresh(path.join(parent, `${time}Z-s${seed}`)));
			const {signal: _, seeds: __, ...given} = options;
			const {version, cuda, cores} = native().runtimeInfo();
			const config = {
				...{step: step.name, from: step.from?.name, seed, experiment, target: step.target, options: given},
				versions: {stepladder: version, libtorch: libtorchVersion, node: process.versions.node},
				machine: {platform: process.platform, arch: process.arch, cpu: os.cpus()[0]?.model.trim(), cores, cuda},
			};
			folder.#writeJson('config.json', config);
			writeFileSync(path.join(folder.path, 'events.jsonl'), '');
			writeFileSync(path.join(folder.path, 'metrics.csv'), `${columns.join(',')}\n`);
			return folder;
		});
	}

	/** Where the trainer is to keep the model. */
	get modelPath(): string {
		return path.join(this.path, 'model.safetensors');
	}

	/** Adds an epoch to the logs; it is on disk when this returns. */
	log(row: EpochEvent): void {
		writing(this.path, () => {
			appendFileSync(path.join(this.path, 'events.jsonl'), `${JSON.stringify(row)}\n`);
			appendFileSync(path.join(this.path, 'metrics.csv'), `${columns.map(column => row[column]).join(',')}\n`);
		});
	}

	/** Marks the run as finished. */
	finish({result, trainCleanTotal, ...rest}: Finished): void {
		writing(this.path, () => this.#writeJson('result.json', {...rest, ...result, trainCleanTotal}));
	}

	/** Takes the folder away again: nothing came of the run. */
	discard(): void {
		rmSync(this.path, {recursive: true, force: true});
	}

	#writeJson(file: string, value: unknown): void {
		writeFileAtomicSync(path.join(this.path, file), `${JSON.stringify(value, undefined, '\t')}\n`);
	}
}

/** Makes a folder with all above it. Node's own `recursive` never returns where the system will not have any, as in /proc. */
const makeFolders = (folder: string): void => {
	if (!existsSync(folder)) {
		makeFolders(path.dirname(folder));
		try {
			mkdirSync(folder);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
				throw error; // nobody else made it in the meantime either
			}
		}
	}
};

/** Makes a folder of that name, or of the next free one: two runs may start in the same second. */
const makeFresh = (wanted: string): string => {
	for (let count = 1; ; count += 1) {
		const folder = count === 1 ? wanted : `${wanted}-${count}`;
		try {
			mkdirSync(folder);
			return folder;
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
				throw error;
			}
		}
	}
};

const writing = <Value>(place: string, work: () => Value): Value => {
	try {
		return work();
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		throw new WriteError(`could not write in ${place} (${reason}); choose another place by \`--out\``, place, {
			cause: error,
		});
	}
};
