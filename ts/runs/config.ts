import {readFileSync} from 'node:fs';
import path from 'node:path';
import {type Data, sourceOf} from '../data/data.js';
import {restoreData, storeData} from '../data/stored.js';
import {ConfigError, DataError} from '../errors/index.js';
import {asExperiment, type Experiment} from '../experiment/experiment.js';
import {checkGoal, goalOf} from '../experiment/goal.js';
import {formatValue} from '../format/value.js';
import {fileType} from '../fs/file-type.js';
import {sha256} from '../fs/hash.js';
import {currentCondition} from '../native/condition.js';
import {packageVersion} from '../platform/package-root.js';
import type {Trainable} from '../step/define-step.js';
import {readsWeights} from '../step/weight-files.js';
import {checkTrainOptions, type TrainOptions} from './train-options.js';

/** The settings of a run: one seed of a step on data. */
export type RunConfig = {
	readonly step: Trainable;
	readonly experiment: Experiment;
	readonly seed: number;
	readonly data: Data;
	readonly options: Omit<TrainOptions, 'data'>;
	/**
	 * The seed by which limited and held-out images were drawn. `undefined` if none were, and in runs from before there was a
	 * draw, which take the first images for limits and hold out the last.
	 */
	readonly drawSeed?: number | undefined;
	/** The training images of each class, from which `balanced` weights of the loss follow; `undefined` for other losses. */
	readonly classCounts?: readonly number[] | undefined;
	/** Reserves the run for one use, such as the recording of a preregistration, by its hash. */
	readonly purpose?: string | undefined;
	/** The command that trains several seeds, so that all of them can be resumed. */
	readonly command?: CommandSeeds | undefined;
};

/** The seeds of one command: a run each. */
export type CommandSeeds = {readonly id: string; readonly seeds: readonly number[]};

/** Format 1 has no number. Format 2 has absolute paths of the images, and the seeds of the command. */
const runFormat = 2;

/**
 * Returns the text of a new run's `config.json`.
 *
 * @param begun time in UTC
 * @throws {LoadError} if the engine's addon can't be loaded
 */
export const configText = (
	{step, experiment, seed, data, options, drawSeed, classCounts, purpose, command}: RunConfig,
	begun: string,
): string => {
	const {signal: _, seeds: __, data: ___, ...given} = options as TrainOptions;
	const config = {
		format: runFormat,
		...{step: step.name, from: step.from?.name, seed, experiment, target: goalOf(step.target), options: given},
		...(drawSeed !== undefined && {drawSeed}),
		...(classCounts !== undefined && {classCounts}),
		...(readsWeights(experiment) && {startFolder: path.resolve(step.folder ?? '.')}),
		...(step.ladder !== undefined && {ladder: path.resolve(step.ladder)}),
		...(purpose !== undefined && {purpose}),
		...(command !== undefined && {command}),
		...(step.trial && {trial: step.trial}),
		begun,
		data: storeData(data),
		...currentCondition(options),
	};
	return `${JSON.stringify({...config, hash: sha256(JSON.stringify(config))}, undefined, '\t')}\n`;
};

/**
 * Reads the `config.json` of a run.
 *
 * @throws {ConfigError} if it is missing, or of a later format
 * @throws {DataError} if it is damaged
 */
export const readConfig = (folder: string): RunConfig => {
	const file = path.join(folder, 'config.json');
	if (fileType(file) === 'nothing') {
		const sentence = `${folder} is not a run folder: it has no config.json`;
		throw new ConfigError('resume', 'the folder of a run, with its config.json', folder, sentence);
	}

	try {
		const {hash, ...config} = JSON.parse(readFileSync(file, 'utf8'));
		checkFormat(folder, config);
		if (hash !== undefined && hash !== sha256(JSON.stringify(config))) {
			throw new Error('something in it was changed');
		}

		const {
			step: name,
			seed,
			experiment,
			target,
			options,
			drawSeed,
			classCounts,
			startFolder,
			ladder,
			purpose,
			command,
			trial,
		} = config;
		if (drawSeed !== undefined && !Number.isSafeInteger(drawSeed)) {
			throw new ConfigError('drawSeed', 'a whole number', formatValue(drawSeed));
		}

		checkGoal(target);
		const data = restoreData(config.data);
		checkTrainOptions({...options, data: sourceOf(data)});
		return {
			step: {name, experiment, target, trial, folder: startFolder, ladder},
			seed,
			experiment: asExperiment(experiment),
			data,
			options,
			drawSeed,
			classCounts,
			purpose,
			command: isCommandOf(command, seed) ? command : undefined,
		};
	} catch (error) {
		if (error instanceof ConfigError && error.setting === 'format') {
			throw error;
		}

		const reason = error instanceof Error ? error.message : String(error);
		const sentence = `${folder} can’t be read: its config.json is not what a run wrote (${reason})`;
		throw new DataError(sentence, file, 'what a run wrote', reason);
	}
};

/** Reads the `config.json` of a run; `undefined` if it can't be read, as one of an earlier version. */
export const tryReadConfig = (folder: string): RunConfig | undefined => {
	try {
		return readConfig(folder);
	} catch {
		return undefined;
	}
};

/**
 * Checks the format of a run.
 *
 * @param config parsed from its `config.json`
 * @throws {ConfigError} if this version does not know it, naming both versions
 */
export const checkFormat = (folder: string, config: unknown): void => {
	const {format = 1, versions} = (config ?? {}) as {format?: unknown; versions?: {stepladder?: unknown}};
	if (format !== 1 && format !== runFormat) {
		const by = versions?.stepladder;
		throw new ConfigError(
			'format',
			`1 to ${runFormat}`,
			formatValue(format),
			`${folder} is a run of format ${formatValue(format)}${typeof by === 'string' ? `, written by stepladder ${by}` : ''}; ` +
				`stepladder ${packageVersion()} reads formats 1 to ${runFormat}: use a version that knows it`,
		);
	}
};

/** Returns whether a value is a command that trains a seed. */
export const isCommandOf = (value: unknown, seed: unknown): value is CommandSeeds => {
	const {id, seeds} = (value ?? {}) as Partial<CommandSeeds>;
	return typeof id === 'string' && Array.isArray(seeds) && seeds.includes(seed);
};
