import path from 'node:path';
import type {Data, DataSource, OpenOptions} from '../data/data.js';
import {openData} from '../data/open-data.js';
import {checkOpenOptions} from '../data/open-options.js';
import {ConfigError, LadderError} from '../errors/index.js';
import type {PartialGoal} from '../experiment/goal.js';
import {displayPath} from '../format/command-line.js';
import {didYouMean} from '../format/did-you-mean.js';
import {formatThrown, formatValue} from '../format/value.js';
import {abortable, abortedBy} from '../platform/abort.js';
import type {SlurmOptions} from '../slurm/options.js';
import {isStep, placeStep, type Step} from '../step/define-step.js';
import {checkFolder} from '../validation/check-path.js';
import {deepFreeze} from '../validation/deep-freeze.js';
import {defineLadder, type LadderDefinition, type PublishedResult} from './define-ladder.js';
import {endings, ladderFiles, type StepFile, stepFiles} from './files.js';
import {importFile} from './import-file.js';

/** A step of a ladder, with its position and files. */
export type StepEntry = {
	readonly step: Step;
	/** 0 for the first. */
	readonly position: number;
	/** The step's source file. */
	readonly file: string;
	/** The folder of its record. */
	readonly record: string;
};

/** A step file that can't be used, with the reason. */
export type RefusedStep = {
	/** From the file's name. */
	readonly name: string;
	/** 0 for the first. */
	readonly position: number;
	readonly file: string;
	/** The folder of its record, if it was recorded. */
	readonly record: string;
	/** Thrown when the step is requested. */
	readonly error: LadderError;
};

/** A ladder, opened from its folder. */
export type Ladder = {
	readonly name: string;
	readonly folder: string;
	/** The data that its steps are trained on, opened once; relative paths start from the ladder's folder. */
	readonly data: DataSource;
	/** The goal of the whole ladder. */
	readonly target: PartialGoal;
	/** Results of others. */
	readonly published: readonly PublishedResult[];
	/** How tasks of Slurm are asked for. */
	readonly slurm: SlurmOptions;
	/** The page with its table. */
	readonly page: string;
	/** Its steps with their files, by number. */
	readonly entries: readonly StepEntry[];
	/** Its steps, by number, without those that are refused. */
	readonly steps: readonly Step[];
	/** Step files that can't be used; the others can. */
	readonly refused: readonly RefusedStep[];
	/**
	 * Returns the step of a name, with its files.
	 *
	 * @throws {ConfigError} naming the ladder's steps, if there is none
	 * @throws {LadderError} if its file can't be used
	 */
	readonly entry: (name: string) => StepEntry;
	/**
	 * Returns the step of a name.
	 *
	 * @throws {ConfigError} naming the ladder's steps, if there is none
	 * @throws {LadderError} if its file can't be used
	 */
	readonly step: (name: string) => Step;
};

let openings = 0;

/**
 * Opens the ladder of a folder: runs its `ladder.ts` and all files of `steps/`. A step that can't be used is listed in
 * `refused`, and its error is thrown when it is requested.
 *
 * @example
 * ```ts
 * const ladder = await openLadder('shoes');
 * const {held} = await train(ladder.step('baseline'), {data: ladder.data}).result;
 * ```
 * @throws {LadderError} if `ladder.ts` is missing or wrong, with its line
 */
export const openLadder = async (folder: string): Promise<Ladder> => {
	checkFolder('folder', folder);
	openings += 1;
	const root = path.resolve(folder);
	const {name, data, target = {}, published = [], slurm = {}} = await readDefinition(root, openings);
	const {entries, refused} = await readSteps(root, openings);
	const find = (wanted: string): StepEntry => {
		const found = entries.find(({step}) => step.name === wanted);
		if (found) {
			return found;
		}

		const failed = refused.find(({name}) => name === wanted);
		if (failed) {
			throw failed.error;
		}

		const names = stepFiles(root).map(({name}) => name);
		if (typeof wanted !== 'string') {
			throw new ConfigError('step', `one of ${names.join(', ')}`, formatValue(wanted));
		}

		throw new ConfigError(
			'step',
			`one of ${names.join(', ')}`,
			formatValue(wanted),
			`there is no step ${JSON.stringify(wanted)} in ${name}${didYouMean(wanted, names)}: ${stepsOf(names)}`,
		);
	};

	return deepFreeze({
		...{name, folder: root, data: sharedSource(data, root), target, published, slurm, entries, refused},
		page: path.join(root, 'README.md'),
		steps: entries.map(({step}) => step),
		entry: find,
		step: (wanted: string) => find(wanted).step,
	});
};

/** Completes a sentence with the steps of a ladder. */
export const stepsOf = (names: readonly string[]): string =>
	names.length > 0 ? `its steps are ${names.join(', ')}` : 'it has no steps yet';

const readDefinition = async (folder: string, opening: number): Promise<LadderDefinition> => {
	const [file, other] = ladderFiles(folder);
	if (file === undefined) {
		const wanted = endings.map(ending => `ladder.${ending}`).join(', ');
		throw new LadderError(`${folder}: expected the folder of a ladder, with one of ${wanted}; found none`, folder);
	}

	if (other !== undefined) {
		throw new LadderError(
			`${displayPath(file)} and ${displayPath(other)} both define the ladder: keep one of them`,
			file,
		);
	}

	const value = await importFile(file, opening);
	try {
		return defineLadder(value as LadderDefinition);
	} catch (error) {
		const reason = error instanceof Error ? error.message : formatThrown(error);
		throw new LadderError(
			`${displayPath(file)}: its default export should be a ladder made with \`defineLadder\`: ${reason}`,
			file,
			undefined,
			{
				cause: error,
			},
		);
	}
};

type Steps = {readonly entries: StepEntry[]; readonly refused: RefusedStep[]};

const readSteps = async (folder: string, opening: number): Promise<Steps> => {
	const files = stepFiles(folder);
	const found: Steps = {entries: [], refused: []};
	for (const {file, name, position} of files) {
		const record = path.join(folder, 'records', `${position}-${name}`);
		try {
			checkUnique(file, files);
			const step = await readStep(file, name, opening);
			found.entries.push({step: placeStep(step, folder), position, file, record});
		} catch (error) {
			if (!(error instanceof LadderError)) {
				throw error;
			}

			found.refused.push({name, position, file, record, error});
		}
	}

	return found;
};

/** @throws {LadderError} if another file has the same number or name */
const checkUnique = (file: string, files: readonly StepFile[]): void => {
	const own = files.find(other => other.file === file);
	const same = files.filter(other => other.position === own?.position || other.name === own?.name);
	if (same.length > 1) {
		const names = same.map(other => displayPath(other.file)).join(' and ');
		throw new LadderError(`${names} have the same number or name: rename one of them`, file);
	}
};

const readStep = async (file: string, name: string, opening: number): Promise<Step> => {
	const step = await importFile(file, opening);
	if (!isStep(step) || step.name !== name) {
		const other = isStep(step) ? `\`${step.name}\`` : `${formatValue(step)}, which \`defineStep\` did not make`;
		const got = step === undefined ? 'it has none' : other;
		throw new LadderError(
			`${displayPath(file)}: its default export should be the step \`${name}\`, as the file is called; ${got}`,
			file,
		);
	}

	return step;
};

/** Data that are being opened, for several callers. */
type Opening = {readonly data: Promise<Data>; readonly stop: AbortController; waiting: number};

/**
 * Returns a source whose paths start from a folder, and that is opened once for all callers, or again after a failure. The opening
 * is aborted when the last waiting caller aborts.
 */
const sharedSource = (source: DataSource, folder: string): DataSource => {
	const opened = new Map<boolean, Opening>();
	const begin = (options: OpenOptions): Opening => {
		const stop = new AbortController();
		return {data: openData(source, folder, {...options, signal: stop.signal}), stop, waiting: 0};
	};
	return {
		async open(_, openOptions: OpenOptions = {}) {
			checkOpenOptions(openOptions);
			const {skipDamaged = false, signal, ...options} = openOptions;
			if (signal?.aborted) {
				throw abortedBy(signal);
			}

			const opening = opened.get(skipDamaged) ?? begin({...options, skipDamaged});
			opened.set(skipDamaged, opening);
			opening.waiting += 1;
			try {
				return await abortable(opening.data, signal);
			} catch (error) {
				opening.waiting -= 1;
				if (opening.waiting === 0) {
					opened.delete(skipDamaged); // the next caller tries again
					opening.stop.abort(signal?.reason);
				}

				throw error;
			}
		},
	};
};
