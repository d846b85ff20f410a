import {
	appendFileSync,
	existsSync,
	mkdirSync,
	readFileSync,
	renameSync,
	rmSync,
	symlinkSync,
	unlinkSync,
	writeFileSync,
} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {sync as writeFileAtomicSync} from 'write-file-atomic';
import {
	checkForm,
	type Data,
	type DataDescription,
	dataOf,
	describe,
	type IdxFolder,
	type ImageForm,
	sourceOf,
} from '../data/data.js';
import {ConfigError} from '../errors/index.js';
import {makeFolders} from '../errors/make-folders.js';
import {elsewhere, writing} from '../errors/writing.js';
import type {Trainable} from '../terms/define-step.js';
import type {EpochEvent} from '../terms/events.js';
import {asExperiment, type Experiment} from '../terms/experiment.js';
import type {FinishedSeed} from '../terms/finished-seed.js';
import {checkGoal, type Goal, goalOf} from '../terms/goal.js';
import {checkTypes, type TrainOptions} from '../terms/train-options.js';
import {sha256} from '../text/sha256.js';
import {show} from '../text/show.js';
import {conditionNow} from './condition-now.js';

const columns = [
	...['epoch', 'learningRate', 'trainLoss', 'trainCorrect', 'trainTotal'],
	...['holdoutLoss', 'holdoutCorrect', 'holdoutTotal', 'testLoss', 'testCorrect', 'testTotal', 'seconds'],
] as const;

/** The files that `result.json` holds the hashes of, so that an edit is found by whoever takes the run over. */
export const hashed = ['config.json', 'events.jsonl', 'predictions.json'] as const;

/** What the newest run of a folder can be called by. */
export const latest = 'latest';

/** The hash of a run's file. */
export const hashOf = (folder: string, file: string): string => sha256(readFileSync(path.join(folder, file), 'utf8'));

type Started = {
	readonly step: Trainable;
	readonly experiment: Experiment;
	readonly seed: number;
	readonly data: Data;
	readonly options: Omit<TrainOptions, 'data'>;
	/** What it is made for, where nothing else may take it over: the hash of the promise that a recording is to show. */
	readonly purpose?: string | undefined;
};

type Finished = FinishedSeed & {readonly step: string; readonly parameters: number; readonly target: Goal};

/**
 * What is kept of one seed's run: `config.json` when it starts, a line an epoch in `events.jsonl` and `metrics.csv`
 * and a checkpoint to go on from, then in its place `model.safetensors`, `predictions.json` and `result.json`.
 * Without the last the run is unfinished.
 */
export class RunFolder {
	readonly path: string;
	readonly #reopened: boolean;

	private constructor(folder: string, reopened: boolean) {
		this.path = folder;
		this.#reopened = reopened;
	}

	/**
	 * Makes `out/<step>/<UTC time>-s<seed>`, points `out/latest` to it, and writes down what is about to run.
	 *
	 * @throws {LoadError} where the engine's addon can't be loaded
	 * @throws {WriteError}
	 */
	static create(out: string, {step, experiment, seed, data, options, purpose}: Started): RunFolder {
		const {signal: _, seeds: __, data: ___, ...given} = options as TrainOptions;
		const begun = new Date().toISOString();
		const config = {
			...{step: step.name, from: step.from?.name, seed, experiment, target: goalOf(step.target), options: given},
			...(purpose !== undefined && {purpose}),
			...(step.trial && {trial: step.trial}),
			begun,
			data: {...describe(data), idx: data.idx, form: data.form},
			...conditionNow(options), // an addon that can't be loaded is told as that, before there is a folder
		};
		const parent = path.resolve(out, step.name);
		const time = begun.slice(0, 19).replaceAll(':', '-');
		return writingIn(parent, () => {
			makeFolders(parent);
			const folder = new RunFolder(makeFresh(path.join(parent, `${time}Z-s${seed}`)), false);
			folder.#writeJson('config.json', config);
			folder.#beginLogs();
			pointTo(folder.path, path.resolve(out, latest));
			return folder;
		});
	}

	/**
	 * Opens the folder of an unfinished run, to go on with it. Its logs begin anew, since the checkpoint tells its
	 * epochs again.
	 *
	 * @throws {ConfigError} where it is none
	 * @throws {WriteError}
	 */
	static reopen(folder: string): {readonly run: Started; readonly opened: RunFolder} {
		const run = RunFolder.read(folder);
		if (RunFolder.isFinished(folder)) {
			throw new ConfigError('resume', 'the folder of an unfinished run', `${folder}, which has finished`);
		}

		const opened = new RunFolder(path.resolve(folder), true);
		writingIn(opened.path, () => opened.#beginLogs());
		return {run, opened};
	}

	/** Whether a run has come to its end. */
	static isFinished(folder: string): boolean {
		return existsSync(path.join(folder, 'result.json'));
	}

	/**
	 * What a folder's run was told.
	 *
	 * @throws {ConfigError} where it has no `config.json` of ours
	 */
	static read(folder: string): Started {
		const file = path.join(folder, 'config.json');
		try {
			const {
				step: name,
				seed,
				experiment,
				target,
				data,
				options,
				purpose,
				trial,
			} = JSON.parse(readFileSync(file, 'utf8'));
			checkGoal(target);
			const kept = reopened(data);
			checkTypes({...options, data: sourceOf(kept)});
			return {
				step: {name, experiment, target, trial},
				seed,
				experiment: asExperiment(experiment),
				data: kept,
				options,
				purpose,
			};
		} catch (error) {
			const reason = error instanceof Error ? error.message : String(error);
			const sentence = existsSync(file)
				? `${folder} can’t be read: its config.json is not what a run wrote (${reason})`
				: `${folder} is not a run folder: it has no config.json`;
			throw new ConfigError('resume', 'the folder of a run, with its config.json', folder, sentence);
		}
	}

	/** Where the trainer is to keep the model. */
	get modelPath(): string {
		return path.join(this.path, 'model.safetensors');
	}

	/** Where the trainer is to keep what it needs to go on. */
	get checkpointPath(): string {
		return path.join(this.path, 'checkpoint.safetensors');
	}

	/** Adds an epoch to the logs; it is on disk when this returns. */
	log(row: EpochEvent): void {
		writingIn(this.path, () => {
			appendFileSync(path.join(this.path, 'events.jsonl'), `${JSON.stringify(row)}\n`);
			appendFileSync(path.join(this.path, 'metrics.csv'), `${columns.map(column => row[column] ?? '').join(',')}\n`);
		});
	}

	/** Marks the run as finished. */
	finish({result, trainCleanTotal, answers, ...rest}: Finished): void {
		writingIn(this.path, () => {
			writeFileAtomicSync(path.join(this.path, 'predictions.json'), `${JSON.stringify(answers)}\n`);
			const came = {...rest, ...result, trainCleanTotal};
			const hashes = Object.fromEntries(hashed.map(file => [file, hashOf(this.path, file)]));
			this.#writeJson('result.json', {...came, hashes, hash: sha256(JSON.stringify({...came, hashes}))});
			rmSync(this.checkpointPath, {force: true});
		});
	}

	/** Takes a new folder away again: nothing came of the run. */
	discard(): void {
		if (!this.#reopened) {
			rmSync(this.path, {recursive: true, force: true});
		}
	}

	#beginLogs(): void {
		writeFileSync(path.join(this.path, 'events.jsonl'), '');
		writeFileSync(path.join(this.path, 'metrics.csv'), `${columns.join(',')}\n`);
	}

	#writeJson(file: string, value: unknown): void {
		writeFileAtomicSync(path.join(this.path, file), `${JSON.stringify(value, undefined, '\t')}\n`);
	}
}

/** The data of a run, from its `config.json`. */
const reopened = (kept: DataDescription & {readonly idx: IdxFolder; readonly form?: ImageForm}): Data => {
	if (!Array.isArray(kept?.classes) || typeof kept.idx?.folder !== 'string' || kept.idx.hashes?.length !== 4) {
		throw new ConfigError('data', 'what was learned from', show(kept));
	}

	const {idx, form, ...description} = kept;
	checkForm(form);
	return dataOf(description, idx, form);
};

/** Points a link to a run; where a file system has none, or a step is called so, there is no link. */
const pointTo = (folder: string, link: string): void => {
	const beside = `${link}.${process.pid}`;
	try {
		const target = path.relative(path.dirname(link), folder);
		symlinkSync(process.platform === 'win32' ? folder : target, beside, 'junction');
		if (process.platform === 'win32') {
			unlinkSync(link); // a junction is not renamed over another
		}
	} catch {
		// none there yet, or no links at all
	}

	try {
		renameSync(beside, link);
	} catch {
		rmSync(beside, {force: true});
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

const writingIn = <Value>(place: string, work: () => Value): Value => writing(`in ${place}`, place, work, elsewhere);
