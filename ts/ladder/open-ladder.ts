import path from 'node:path';
import type {Data, DataSource, OpenOptions} from '../data/data.js';
import {ConfigError, LadderError} from '../errors/index.js';
import {checkPath} from '../terms/check-path.js';
import {isStep, type Step} from '../terms/define-step.js';
import {freeze} from '../terms/freeze.js';
import type {Goal} from '../terms/goal.js';
import {show} from '../text/show.js';
import {shown} from '../text/shown.js';
import {defineLadder, type LadderDefinition, type PublishedResult} from './define-ladder.js';
import {endings, ladderFiles, stepFiles} from './files.js';
import {importFile} from './import-file.js';

/** A step and where it stands. */
export type Place = {
	readonly step: Step;
	/** 0 for the first. */
	readonly position: number;
	/** Its source. */
	readonly file: string;
	/** Where its record is kept. */
	readonly record: string;
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
	readonly places: readonly Place[];
	/** Its steps, in the order of their numbers. */
	readonly steps: readonly Step[];
	/**
	 * Where the step of a name stands.
	 *
	 * @throws {ConfigError} naming those there are
	 */
	readonly place: (name: string) => Place;
	/**
	 * The step of a name.
	 *
	 * @throws {ConfigError} naming those there are
	 */
	readonly step: (name: string) => Step;
};

let openings = 0;

/**
 * Opens the ladder of a folder: its `ladder.ts` and all of `steps/`, which are run.
 *
 * @example
 * ```ts
 * const ladder = await openLadder('shoes');
 * const {held} = await train(ladder.step('baseline'), {data: ladder.data}).result;
 * ```
 * @throws {LadderError} naming the file that is missing or wrong, with the line
 */
export const openLadder = async (folder: string): Promise<Ladder> => {
	checkPath('folder', folder);
	openings += 1;
	const place = path.resolve(folder);
	const {name, data, target = {}, published = []} = await definitionIn(place, openings);
	const places = await placesIn(place, openings);
	const find = (wanted: string): Place => {
		const found = places.find(({step}) => step.name === wanted);
		if (found) {
			return found;
		}

		const names = places.map(({step}) => step.name).join(', ');
		throw new ConfigError(
			'step',
			`one of ${names}`,
			show(wanted),
			`there is no step ${JSON.stringify(wanted)} in ${name}: ${names ? `its steps are ${names}` : 'it has no steps yet'}`,
		);
	};

	return freeze({
		...{name, folder: place, data: within(data, place), target, published, places},
		page: path.join(place, 'README.md'),
		steps: places.map(({step}) => step),
		place: find,
		step: (wanted: string) => find(wanted).step,
	});
};

const definitionIn = async (folder: string, opening: number): Promise<LadderDefinition> => {
	const [file, other] = ladderFiles(folder);
	if (file === undefined) {
		const wanted = endings.map(ending => `ladder.${ending}`).join(', ');
		throw new LadderError(`${folder}: expected the folder of a ladder, with one of ${wanted}; found none`, folder);
	}

	if (other !== undefined) {
		throw new LadderError(`${shown(file)} and ${shown(other)} both say what the ladder is: keep one of them`, file);
	}

	const value = await importFile(file, opening);
	try {
		return defineLadder(value as LadderDefinition);
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		throw new LadderError(
			`${shown(file)}: its default export should be a ladder by \`defineLadder\`: ${reason}`,
			file,
			undefined,
			{
				cause: error,
			},
		);
	}
};

const placesIn = async (folder: string, opening: number): Promise<Place[]> => {
	const places: Place[] = [];
	for (const {file, name, position} of stepFiles(folder)) {
		const step = await importFile(file, opening);
		if (!isStep(step) || step.name !== name) {
			const other = isStep(step) ? `\`${step.name}\`` : `${show(step)}, which is no step by \`defineStep\``;
			const got = step === undefined ? 'it has none' : other;
			throw new LadderError(
				`${shown(file)}: its default export should be the step \`${name}\`, as the file is called; ${got}`,
				file,
			);
		}

		const same = places.find(other => other.position === position || other.step.name === name);
		if (same) {
			throw new LadderError(
				`${shown(same.file)} and ${shown(file)} have the same number or name: rename one of them`,
				file,
			);
		}

		places.push({step, position, file, record: path.join(folder, 'records', `${position}-${name}`)});
	}

	return places;
};

/** A source whose paths start from a folder; opened once, and again where that failed. */
const within = (source: DataSource, folder: string): DataSource => {
	const opened = new Map<boolean, Promise<Data>>();
	return {
		async open(_, options: OpenOptions = {}) {
			const {skipDamaged = false} = options;
			const data = opened.get(skipDamaged) ?? source.open(folder, options);
			opened.set(skipDamaged, data);
			data.catch(() => opened.delete(skipDamaged)); // it may have been mended when it is next asked for
			return data;
		},
	};
};
