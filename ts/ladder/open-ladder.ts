import path from 'node:path';
import type {Data, DataSource, OpenOptions} from '../data/data.js';
import {openData} from '../data/open-data.js';
import {ConfigError, LadderError} from '../errors/index.js';
import type {Goal} from '../experiment/goal.js';
import {displayPath} from '../format/command-line.js';
import {didYouMean} from '../format/did-you-mean.js';
import {formatThrown, formatValue} from '../format/value.js';
import {abortable, abortedBy} from '../platform/abort.js';
import {isStep, type Step} from '../step/define-step.js';
import {checkFolder} from '../validation/check-path.js';
import {deepFreeze} from '../validation/deep-freeze.js';
import {defineLadder, type LadderDefinition, type PublishedResult} from './define-ladder.js';
import {endings, ladderFiles, type StepFile, stepFiles} from './files.js';
import {importFile} from './import-file.js';

/** A step and where it stands. */
export type StepEntry = {
	readonly step: Step;
	/** 0 for the first. */
	readonly position: number;
	/** Its source. */
	readonly file: string;
	/** Where its record is kept. */
	readonly record: string;
};

/** A step file that can't be used, and why. */
export type RefusedStep = {
	/** As the file is called. */
	readonly name: string;
	/** 0 for the first. */
	readonly position: number;
	readonly file: string;
	/** Where its record is kept, if it was ever recorded. */
	readonly record: string;
	/** Thrown when the step is asked for. */
	readonly error: LadderError;
};

/** A ladder, opened from its folder. */
export type Ladder = {
	readonly name: string;
	readonly folder: string;
	/** What its steps learn; relative paths start from the ladder's folder, and it is read once. */
	readonly data: DataSource;
	/** What it is to reach in the end. */
	readonly target: Partial<Goal>;
	/** Figures of others. */
	readonly published: readonly PublishedResult[];
	/** The page with its table. */
	readonly page: string;
	/** Where each step stands, in the order of their numbers. */
	readonly entries: readonly StepEntry[];
	/** Its steps, in the order of their numbers; without those that are refused. */
	readonly steps: readonly Step[];
	/** Step files that can't be used. They stand in nobody's way until they are asked for. */
	readonly refused: readonly RefusedStep[];
	/**
	 * Where the step of a name stands.
	 *
	 * @throws {ConfigError} naming those there are
	 * @throws {LadderError} where its file can't be used
	 */
	readonly entry: (name: string) => StepEntry;
	/**
	 * The step of a name.
	 *
	 * @throws {ConfigError} naming those there are
	 * @throws {LadderError} where its file can't be used
	 */
	readonly step: (name: string) => Step;
};

let openings = 0;

/**
 * Opens the ladder of a folder: its `ladder.ts` and all of `steps/`, which are run. A step that can't be used is kept
 * under `refused`, and its error thrown when it is asked for.
 *
 * @example
 * ```ts
 * const ladder = await openLadder('shoes');
 * const {held} = await train(ladder.step('baseline'), {data: ladder.data}).result;
 * ```
 * @throws {LadderError} where `ladder.ts` is missing or wrong, naming it with the line
 */
export const openLadder = async (folder: string): Promise<Ladder> => {
	checkFolder('folder', folder);
	openings += 1;
	const place = path.resolve(folder);
	const {name, data, target = {}, published = []} = await definitionIn(place, openings);
	const {entries, refused} = await stepsIn(place, openings);
	const find = (wanted: string): StepEntry => {
		const found = entries.find(({step}) => step.name === wanted);
		if (found) {
			return found;
		}

		const failed = refused.find(({name}) => name === wanted);
		if (failed) {
			throw failed.error;
		}

		const names = stepFiles(place).map(({name}) => name);
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
		...{name, folder: place, data: within(data, place), target, published, entries, refused},
		page: path.join(place, 'README.md'),
		steps: entries.map(({step}) => step),
		entry: find,
		step: (wanted: string) => find(wanted).step,
	});
};

/** The rest of a sentence: which steps a ladder has. */
export const stepsOf = (names: readonly string[]): string =>
	names.length > 0 ? `its steps are ${names.join(', ')}` : 'it has no steps yet';

const definitionIn = async (folder: string, opening: number): Promise<LadderDefinition> => {
	const [file, other] = ladderFiles(folder);
	if (file === undefined) {
		const wanted = endings.map(ending => `ladder.${ending}`).join(', ');
		throw new LadderError(`${folder}: expected the folder of a ladder, with one of ${wanted}; found none`, folder);
	}

	if (other !== undefined) {
		throw new LadderError(
			`${displayPath(file)} and ${displayPath(other)} both say what the ladder is: keep one of them`,
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

const stepsIn = async (folder: string, opening: number): Promise<Steps> => {
	const files = stepFiles(folder);
	const found: Steps = {entries: [], refused: []};
	for (const {file, name, position} of files) {
		const record = path.join(folder, 'records', `${position}-${name}`);
		try {
			checkAlone(file, files);
			found.entries.push({step: await stepIn(file, name, opening), position, file, record});
		} catch (error) {
			if (!(error instanceof LadderError)) {
				throw error;
			}

			found.refused.push({name, position, file, record, error});
		}
	}

	return found;
};

/** @throws {LadderError} where another file has the number or the name: nobody can tell which is meant */
const checkAlone = (file: string, files: readonly StepFile[]): void => {
	const own = files.find(other => other.file === file);
	const same = files.filter(other => other.position === own?.position || other.name === own?.name);
	if (same.length > 1) {
		const names = same.map(other => displayPath(other.file)).join(' and ');
		throw new LadderError(`${names} have the same number or name: rename one of them`, file);
	}
};

const stepIn = async (file: string, name: string, opening: number): Promise<Step> => {
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

/** Data that are being opened, for all who wait. */
type Opening = {readonly data: Promise<Data>; readonly stop: AbortController; waiting: number};

/**
 * A source whose paths start from a folder; opened once, and again where that failed. It is read on until nobody waits for it
 * any more.
 */
const within = (source: DataSource, folder: string): DataSource => {
	const opened = new Map<boolean, Opening>();
	const begin = (options: OpenOptions): Opening => {
		const stop = new AbortController();
		return {data: openData(source, folder, {...options, signal: stop.signal}), stop, waiting: 0};
	};
	return {
		async open(_, {skipDamaged = false, signal, ...options}: OpenOptions = {}) {
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
					opened.delete(skipDamaged); // it may have been mended when it is next asked for
					opening.stop.abort(signal?.reason);
				}

				throw error;
			}
		},
	};
};
