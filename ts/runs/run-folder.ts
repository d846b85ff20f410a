import {
	closeSync,
	existsSync,
	fsyncSync,
	lstatSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	symlinkSync,
	unlinkSync,
	writeFileSync,
} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
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
import {ConfigError, DataError} from '../errors/index.js';
import {asExperiment, type Experiment} from '../experiment/experiment.js';
import {checkGoal, type Goal, goalOf} from '../experiment/goal.js';
import {displayPath} from '../format/command-line.js';
import {formatValue} from '../format/value.js';
import {sha256} from '../fs/hash.js';
import {acquireLock, isLocked, isLockName, isStale, type Lock} from '../fs/lock.js';
import {makeFolders} from '../fs/make-folders.js';
import {suggestOut, wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {isPartialFile, removePartialFiles, syncFolder, writeFileAtomic} from '../fs/write-file-atomic.js';
import {currentCondition} from '../native/condition.js';
import type {Trainable} from '../step/define-step.js';
import type {EpochEvent} from './events.js';
import type {FinishedSeed} from './finished-seed.js';
import {checkFormat, runFormat} from './run-format.js';
import {checkTrainOptions, type TrainOptions} from './train-options.js';

const columns = [
	...['epoch', 'learningRate', 'trainLoss', 'trainCorrect', 'trainTotal'],
	...['holdoutLoss', 'holdoutCorrect', 'holdoutTotal', 'testLoss', 'testCorrect', 'testTotal', 'seconds'],
] as const;

/** The files that `result.json` holds the hashes of, so that an edit is found by whoever takes the run over. */
export const hashedFiles = ['config.json', 'events.jsonl', 'predictions.json'] as const;

/** What the newest run of a folder can be called by. */
export const latest = 'latest';

/** The hash of a run's file. */
export const fileHash = (folder: string, file: string): string => sha256(readFileSync(path.join(folder, file), 'utf8'));

type RunConfig = {
	readonly step: Trainable;
	readonly experiment: Experiment;
	readonly seed: number;
	readonly data: Data;
	readonly options: Omit<TrainOptions, 'data'>;
	/** What it is made for, where nothing else may take it over: the hash of the promise that a recording is to show. */
	readonly purpose?: string | undefined;
	/** The command that it is one of several seeds of, so that all of it can be gone on with. */
	readonly command?: CommandSeeds | undefined;
};

/** What was started by one command: a run for each seed. */
export type CommandSeeds = {readonly id: string; readonly seeds: readonly number[]};

/** A seed of a command, as the folders tell it. */
export type Sibling = {
	readonly seed: number;
	readonly state: 'finished' | 'unfinished' | 'not begun';
	/** Nothing where it was not begun. */
	readonly folder: string | undefined;
};

type Finished = FinishedSeed & {readonly step: string; readonly parameters: number; readonly target: Goal};

/**
 * What is kept of one seed's run: `config.json` when it starts, a line an epoch in `events.jsonl` and `metrics.csv`
 * and a checkpoint to go on from, then in its place `model.safetensors`, `predictions.json` and `result.json`.
 * Without the last the run is unfinished. While this process writes there, `.lock` says so.
 */
export class RunFolder {
	readonly path: string;
	readonly #hold: Lock;
	/** What the newest run can be called by; nothing for a run that was there before. */
	readonly #latest: string | undefined;
	/** The epochs that were told, those of a checkpoint included. */
	readonly #rows: EpochEvent[] = [];
	/** Whether the logs that are there are to be written anew, once a checkpoint's epochs have been told. */
	#isBehind: boolean;
	/** The hash of `config.json` as this process knows it. */
	#configHash = '';

	private constructor(folder: string, hold: Lock, link: string | undefined) {
		this.path = folder;
		this.#hold = hold;
		this.#latest = link;
		this.#isBehind = link === undefined;
	}

	/**
	 * Makes `out/<step>/<UTC time>-s<seed>`, and writes down what is about to run.
	 *
	 * @throws {LoadError} where the engine's addon can't be loaded
	 * @throws {WriteError}
	 */
	static async create(out: string, started: RunConfig): Promise<RunFolder> {
		const {step, experiment, seed, data, options, purpose, command} = started;
		const {signal: _, seeds: __, data: ___, ...given} = options as TrainOptions;
		const begun = new Date().toISOString();
		const config = {
			format: runFormat,
			...{step: step.name, from: step.from?.name, seed, experiment, target: goalOf(step.target), options: given},
			...(purpose !== undefined && {purpose}),
			...(command !== undefined && {command}),
			...(step.trial && {trial: step.trial}),
			begun,
			data: {...describe(data), idx: {...data.idx, folder: path.resolve(data.idx.folder)}, form: data.form},
			...currentCondition(options), // an addon that can't be loaded is told as that, before there is a folder
		};
		const parent = path.resolve(out, step.name);
		const time = begun.slice(0, 19).replaceAll(':', '-');
		writingIn(parent, () => {
			if (step.name === latest && lstatSync(parent, {throwIfNoEntry: false})?.isSymbolicLink()) {
				unlinkSync(parent); // it leads to the newest run of another step
			}

			makeFolders(parent);
		});
		await RunFolder.tidyAll(parent);
		const place = writingIn(parent, () => makeFresh(path.join(parent, `${time}Z-s${seed}`)));
		const hold = await holdRun(place, undefined, suggestOut).catch(error => {
			rmSync(place, {recursive: true, force: true});
			throw error;
		});
		const folder = new RunFolder(place, hold, path.resolve(out, latest));
		return folder.#orDiscard(() => {
			folder.#writeJson('config.json', {...config, hash: sha256(JSON.stringify(config))});
			folder.#configHash = fileHash(place, 'config.json');
			folder.#writeLogs([]);
			syncFolder(parent);
			return folder;
		});
	}

	/**
	 * Opens the folder of an unfinished run, to go on with it.
	 *
	 * @throws {ConfigError} where it is none
	 * @throws {LockError} where another process writes there
	 * @throws {WriteError}
	 */
	static async reopen(folder: string, signal?: AbortSignal): Promise<RunFolder> {
		const opened = await RunFolder.lock(folder, signal);
		if (RunFolder.isFinished(opened.path)) {
			opened.release();
			throw alreadyFinished(folder);
		}

		return opened;
	}

	/**
	 * Holds the folder of a run, finished or not, and takes away what a killed process left half written. Nothing that was
	 * kept is touched before the trainer has told its epochs again.
	 */
	static async lock(folder: string, signal?: AbortSignal): Promise<RunFolder> {
		RunFolder.read(folder);
		const place = path.resolve(folder);
		const hold = await holdRun(place, signal);
		try {
			const opened = new RunFolder(place, hold, undefined);
			writingIn(
				place,
				() => {
					opened.#configHash = fileHash(place, 'config.json');
					removePartialFiles(place, written);
					if (RunFolder.isFinished(place)) {
						rmSync(opened.checkpointPath, {force: true}); // killed before its own process did that
					}
				},
				'',
			);
			return opened;
		} catch (error) {
			hold.release();
			throw error;
		}
	}

	/** Takes away what a process left that was killed after a run had finished. Where somebody else writes, or nobody may, it stays. */
	static async tidy(folder: string, signal?: AbortSignal): Promise<void> {
		const left = (name: string): boolean =>
			name === checkpointName || isLockName(lockName, name) || isPartialFile(name, written);
		try {
			if (readdirSync(folder).some(left)) {
				(await RunFolder.lock(folder, signal)).release();
			}
		} catch {
			// what the run came to can be read all the same
		}
	}

	/**
	 * Takes away what killed processes left in a step's folder: new folders of runs that had no configuration yet, so that
	 * nothing can go on with them, and what is more than the files of a run that has finished.
	 *
	 * @throws {WriteError} where the folder can't be listed
	 */
	static async tidyAll(parent: string): Promise<void> {
		const runs = writingIn(parent, () => readdirSync(parent)).filter(name =>
			/^\d{4}-\d\d-\d\dT[\d-]+Z-s\d+(-\d+)?$/.test(name),
		);
		for (const folder of runs.map(name => path.join(parent, name))) {
			try {
				if (isOrphan(folder)) {
					rmSync(folder, {recursive: true, force: true});
				} else if (RunFolder.isFinished(folder) && !RunFolder.isLocked(folder)) {
					await RunFolder.tidy(folder);
				}
			} catch {
				// no folder, or one that nobody may read: no reason not to train
			}
		}
	}

	/**
	 * The seeds of the command that a run belongs to, itself included.
	 *
	 * @throws {ConfigError} where the folder is not a run's
	 */
	static siblings(folder: string): readonly Sibling[] {
		const {seed, command} = RunFolder.read(folder);
		const parent = path.dirname(path.resolve(folder));
		const of = new Map<number, string>([[seed, path.resolve(folder)]]);
		for (const name of command ? readdirSync(parent) : []) {
			const found = commandOf(path.join(parent, name));
			if (found?.id === command?.id && found?.seed !== undefined && !of.has(found.seed)) {
				of.set(found.seed, path.join(parent, name));
			}
		}

		return (command?.seeds ?? [seed]).map(seed => {
			const folder = of.get(seed);
			const state = folder === undefined ? 'not begun' : RunFolder.isFinished(folder) ? 'finished' : 'unfinished';
			return {seed, state, folder};
		});
	}

	/** Whether somebody writes to a folder. */
	static isLocked(folder: string): boolean {
		return isLocked(path.join(folder, lockName));
	}

	/** Whether a run has come to its end. */
	static isFinished(folder: string): boolean {
		return existsSync(path.join(folder, 'result.json'));
	}

	/**
	 * What a folder's run was told.
	 *
	 * @throws {ConfigError} where it has no `config.json`, or one of a later format
	 * @throws {DataError} where its `config.json` is damaged
	 */
	static read(folder: string): RunConfig {
		const file = path.join(folder, 'config.json');
		if (!existsSync(file)) {
			const sentence = `${folder} is not a run folder: it has no config.json`;
			throw new ConfigError('resume', 'the folder of a run, with its config.json', folder, sentence);
		}

		try {
			const {hash, ...config} = JSON.parse(readFileSync(file, 'utf8'));
			checkFormat(folder, config);
			if (hash !== undefined && hash !== sha256(JSON.stringify(config))) {
				throw new Error('something in it was changed');
			}

			const {step: name, seed, experiment, target, data, options, purpose, command, trial} = config;
			checkGoal(target);
			const kept = reopened(data);
			checkTrainOptions({...options, data: sourceOf(kept)});
			return {
				step: {name, experiment, target, trial},
				seed,
				experiment: asExperiment(experiment),
				data: kept,
				options,
				purpose,
				command: isCommand(command, seed) ? command : undefined,
			};
		} catch (error) {
			if (error instanceof ConfigError && error.setting === 'format') {
				throw error;
			}

			const reason = error instanceof Error ? error.message : String(error);
			const sentence = `${folder} can’t be read: its config.json is not what a run wrote (${reason})`;
			throw new DataError(sentence, file, 'what a run wrote', reason);
		}
	}

	/** Where the trainer is to keep the model. */
	get modelPath(): string {
		return path.join(this.path, 'model.safetensors');
	}

	/** Where the trainer is to keep what it needs to go on. */
	get checkpointPath(): string {
		return path.join(this.path, checkpointName);
	}

	/** The first batch is under way: points `out/latest` to a new run. */
	begin(): void {
		if (this.#latest !== undefined) {
			pointTo(this.path, this.#latest);
		}
	}

	/** Aborts when another process took the folder over, with a {@link LockError}. */
	get lost(): AbortSignal {
		return this.#hold.signal;
	}

	/**
	 * Adds an epoch to the logs; it is on disk when this returns.
	 *
	 * @param epochsDone how many the checkpoint brought along: they take the place of the logs there are, at once
	 */
	log(row: EpochEvent, epochsDone: number): void {
		this.#writing(() => {
			this.#rows.push(row);
			if (this.#isBehind) {
				if (this.#rows.length >= epochsDone) {
					this.#writeLogs(this.#rows);
					this.#isBehind = false;
				}
			} else {
				append(path.join(this.path, 'events.jsonl'), asLine(row));
				append(path.join(this.path, 'metrics.csv'), asRow(row));
			}
		});
	}

	/** Marks the run as finished. Logs that somebody changed or removed meanwhile are written anew. */
	finish({result, trainCleanTotal, answers, ...rest}: Finished): void {
		this.#writing(() => {
			if (!this.#hasItsLogs()) {
				this.#writeLogs(this.#rows);
			}

			writeFileAtomic(path.join(this.path, 'predictions.json'), `${JSON.stringify(answers)}\n`);
			const came = {...rest, ...result, trainCleanTotal};
			const hashOf = (file: string): string => (file === 'config.json' ? this.#configHash : fileHash(this.path, file));
			const hashes = Object.fromEntries(hashedFiles.map(file => [file, hashOf(file)]));
			this.#writeJson('result.json', {...came, hashes, hash: sha256(JSON.stringify({...came, hashes}))});
			rmSync(this.checkpointPath, {force: true});
		});
	}

	/** Lets other processes write there. */
	release(): void {
		this.#hold.release();
	}

	/** Takes a new folder away again: nothing came of the run. What can't be taken away stays. */
	discard(): void {
		if (this.#latest !== undefined && !this.lost.aborted) {
			this.release();
			try {
				rmSync(this.path, {recursive: true, force: true});
			} catch {
				// why the run failed is what has to be told
			}
		}
	}

	#orDiscard<Value>(work: () => Value): Value {
		try {
			return this.#writing(work);
		} catch (error) {
			this.discard();
			throw error;
		}
	}

	#writing<Value>(work: () => Value): Value {
		this.#hold.check();
		return writingIn(this.path, work, this.#latest === undefined ? '' : suggestOut); // a run that goes on stays in its place
	}

	#hasItsLogs(): boolean {
		try {
			return readFileSync(path.join(this.path, 'events.jsonl'), 'utf8') === this.#rows.map(asLine).join('');
		} catch {
			return false;
		}
	}

	#writeLogs(rows: readonly EpochEvent[]): void {
		writeFileAtomic(path.join(this.path, 'events.jsonl'), rows.map(asLine).join(''));
		writeFileAtomic(path.join(this.path, 'metrics.csv'), `${columns.join(',')}\n${rows.map(asRow).join('')}`);
	}

	#writeJson(file: string, value: unknown): void {
		writeFileAtomic(path.join(this.path, file), `${JSON.stringify(value, undefined, '\t')}\n`);
	}
}

const lockName = '.lock';
const checkpointName = 'checkpoint.safetensors';

const holdRun = async (folder: string, signal?: AbortSignal, advice?: string): Promise<Lock> =>
	acquireLock(displayPath(folder), path.join(folder, lockName), signal, advice);

/** That a run can't be resumed, since it is done. */
export const alreadyFinished = (folder: string): ConfigError =>
	new ConfigError(
		'resume',
		'the folder of an unfinished run',
		`${folder}, which has finished`,
		`${folder} has finished: there is nothing to resume`,
	);

/** The files that are written beside their places. */
const written = [...hashedFiles, 'metrics.csv', 'result.json'];

const isOrphan = (folder: string): boolean => {
	const names = readdirSync(folder);
	const isBegun = names.some(name => isLockName(lockName, name));
	return isBegun
		? names.every(name => isLockName(lockName, name) || isPartialFile(name, written)) && !RunFolder.isLocked(folder)
		: names.length === 0 && isStale(folder);
};

const asLine = (row: EpochEvent): string => `${JSON.stringify(row)}\n`;
const asRow = (row: EpochEvent): string => `${columns.map(column => row[column] ?? '').join(',')}\n`;

/** Adds to a file; it lasts through a power cut when this returns. */
const append = (file: string, text: string): void => {
	const descriptor = openSync(file, 'a');
	try {
		writeFileSync(descriptor, text);
		fsyncSync(descriptor);
	} finally {
		closeSync(descriptor);
	}
};

const isCommand = (value: unknown, seed: unknown): value is CommandSeeds => {
	const {id, seeds} = (value ?? {}) as Partial<CommandSeeds>;
	return typeof id === 'string' && Array.isArray(seeds) && seeds.includes(seed);
};

/** The command of a run that may be none, or none that can be read. */
const commandOf = (folder: string): (CommandSeeds & {readonly seed: number}) | undefined => {
	try {
		const {command, seed} = JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8'));
		return isCommand(command, seed) ? {...command, seed} : undefined;
	} catch {
		return undefined;
	}
};

/** The data of a run, from its `config.json`. */
const reopened = (kept: DataDescription & {readonly idx: IdxFolder; readonly form?: ImageForm}): Data => {
	if (!Array.isArray(kept?.classes) || typeof kept.idx?.folder !== 'string' || kept.idx.hashes?.length !== 4) {
		throw new ConfigError('data', 'what was learned from', formatValue(kept));
	}

	const {idx, form, ...description} = kept;
	checkForm(form);
	return dataOf(description, idx, form);
};

/** Points a link to a run; where a file system has none, or a step is called so, there is no link. */
const pointTo = (folder: string, link: string): void => {
	const found = lstatSync(link, {throwIfNoEntry: false});
	if (found && !found.isSymbolicLink()) {
		return; // the folder of a step that is called so, or somebody's file
	}

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

const writingIn = <Value>(place: string, work: () => Value, advice = suggestOut): Value =>
	wrapWriteErrors(`in ${place}`, place, work, advice);
