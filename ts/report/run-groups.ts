import {existsSync, realpathSync} from 'node:fs';
import path from 'node:path';
import {type MeasuredRecord, measureSeeds, type SeedsMeasured} from '../claims/measured-record.js';
import type {RecordedAnswers, RecordedEpoch} from '../claims/step-record.js';
import type {DataDescription} from '../data/data.js';
import {ConfigError, DataError, LadderError, RecordError} from '../errors/index.js';
import type {Experiment} from '../experiment/experiment.js';
import type {Goal} from '../experiment/goal.js';
import {settingsName} from '../experiment/settings.js';
import {displayPath} from '../format/command-line.js';
import {formatValue} from '../format/value.js';
import {checkLadder} from '../ladder/check-ladder.js';
import type {Ladder} from '../ladder/open-ladder.js';
import {LadderRecords} from '../record/ladder-records.js';
import {runFolders} from '../runs/list-runs.js';
import {readRun, type StoredRun} from '../runs/read-run.js';
import {checkObject} from '../validation/plain-object.js';

/** Seeds of one experiment on one set of images: a record, or runs with the same settings. */
export type RunGroup = {
	/** For people: the step, and what else sets the group apart. A trial is named as one. */
	readonly name: string;
	readonly step: string;
	/** What a trial tried; nothing for the step as it is. */
	readonly trial: string | undefined;
	readonly isRecord: boolean;
	readonly experiment: Experiment;
	readonly target: Goal;
	readonly data: DataDescription;
	/** Training images that it learned from, and test images that it was judged by: fewer than there are, where it was limited. */
	readonly images: {readonly train: number; readonly test: number};
	/** A run each, finished or not. */
	readonly runs: readonly GroupedRun[];
	/** Over the seeds that have finished; nothing where none has. */
	readonly measured: SeedsMeasured | undefined;
	/** What finished seeds get wrong; none where the test labels are no longer there. */
	readonly answers: ReadonlyArray<Pick<RecordedAnswers, 'seed' | 'mistakes'>>;
};

/** One seed of a group. */
export type GroupedRun = {
	readonly seed: number;
	/** Its folder; that of the record, where it was recorded. */
	readonly folder: string;
	/** When it began, in UTC; nothing for a record of before this was kept. */
	readonly begun: string | undefined;
	/** Epochs that are done. */
	readonly epochs: readonly RecordedEpoch[];
	/** How many there are to be. */
	readonly of: number;
	readonly isFinished: boolean;
	/** Whether the target was held; nothing for a run that has not finished. */
	readonly held: boolean | undefined;
	/** Accuracy on the training images in evaluation mode, after the last epoch. */
	readonly trainClean: number | undefined;
};

/** How runs are found. */
export type RunsOptions = {
	/** That names of steps belong to, or what opens it where one is named; folders of runs need none. */
	readonly ladder?: Ladder | (() => Promise<Ladder>);
};

/** What was found, and what should be said of it. */
export type Found = {readonly groups: readonly RunGroup[]; readonly notes: readonly string[]};

/**
 * Finds what is named: run folders, folders of such, or recorded steps. A folder that holds runs is taken before a step
 * of its name. Runs of one step with the same settings make one group, wherever they lie; of a seed that was run twice, the
 * newest counts, a finished one first.
 *
 * @param ladder that names of steps belong to; opened only where one is named
 * @throws {ConfigError} where nothing of a name is there, and for what is no list of names
 * @throws {RecordError} where a run or a record is damaged
 */
export const findGroups = async (names: readonly string[], options: RunsOptions = {}): Promise<Found> => {
	checkNames(names);
	checkObject('options', options);
	const {ladder} = options;
	const notes: string[] = [];
	const kept = new Map<string, StoredRun[]>();
	const records = new Map<string, RunGroup>();
	const order = new Set<string>();
	for (const name of new Set(names)) {
		const folders = existsSync(name) ? runFolders(realpathSync(name)) : [];
		if (folders.length === 0) {
			const {recorded, folder} = await recordOf(name, ladder);
			order.add(`record ${recorded.name}`);
			records.set(`record ${recorded.name}`, ofRecord(recorded, folder));
			continue;
		}

		const isOne = folders.length === 1 && path.resolve(folders[0] ?? '') === realpathSync(name);
		for (const run of readAll(folders, isOne, notes)) {
			const key = keyOf(run);
			const others = (kept.get(key) ?? []).filter(({folder}) => folder !== run.folder);
			kept.set(key, [...others, run]);
			order.add(key);
		}
	}

	if (order.size === 0) {
		const got = names.join(', ');
		throw new ConfigError('runs', 'runs of this version', got, `there is no run to read in ${got}. ${notes.join(' ')}`);
	}

	const groups = [...order].map(key => records.get(key) ?? ofRuns(kept.get(key) ?? [], notes));
	return {groups: toldApart(groups), notes};
};

const checkNames = (names: unknown): void => {
	const areNames = Array.isArray(names) && names.every(name => typeof name === 'string' && name !== '');
	if (!areNames || names.length === 0) {
		throw new ConfigError('runs', 'a list of folders of runs or recorded steps', formatValue(names));
	}
};

const recordOf = async (
	name: string,
	ladder: RunsOptions['ladder'],
): Promise<{recorded: MeasuredRecord; folder: string}> => {
	const opened = await named(name, async () => {
		if (!ladder) {
			throw new ConfigError('ladder', 'given, since a step is named', 'nothing');
		}

		const opened: Ladder = typeof ladder === 'function' ? await ladder() : ladder;
		checkLadder(opened);
		return opened;
	});
	const entry = await named(name, async () => opened.entry(name));
	return {recorded: new LadderRecords(opened).of(entry), folder: entry.record};
};

/** Work for which a name has to be that of a step; where it is none, what was looked for in vain is told first. */
const named = async <Value>(name: string, work: () => Promise<Value>): Promise<Value> => {
	try {
		return await work();
	} catch (error) {
		if (!(error instanceof ConfigError || error instanceof LadderError)) {
			throw error;
		}

		const isPath = /[/\\.]/.test(name);
		const nothing = existsSync(name) ? `there are no runs in ${name}` : `there is no folder ${name}`;
		const sentence = existsSync(name) || isPath ? nothing : `${nothing}; ${error.message}`;
		throw new ConfigError('runs', 'folders of runs, or recorded steps', name, sentence, {cause: error});
	}
};

/** Runs in the order in which to show them: a step as it is before its trials, the oldest first. */
const readAll = (folders: readonly string[], isOne: boolean, notes: string[]): StoredRun[] =>
	folders
		.flatMap(folder => {
			try {
				return readRun(folder);
			} catch (error) {
				if (isOne || !(error instanceof ConfigError || error instanceof DataError)) {
					throw error;
				}

				notes.push(`Left out: ${displayPath(folder)}, whose config.json is not what this version writes.`);
				return [];
			}
		})
		.toSorted(
			(a, b) =>
				Number(a.trial !== undefined) - Number(b.trial !== undefined) ||
				a.begun.localeCompare(b.begun) ||
				a.seed - b.seed,
		);

/** The same for runs that belong together. */
const keyOf = (run: StoredRun): string => {
	const {step, trial, experiment, target, data, options} = run;
	const {limitTrain, limitTest, holdout} = options;
	return JSON.stringify([step, trial, experiment, target, data.hash, limitTrain, limitTest, holdout, engineOf(run)]);
};

const engineOf = ({finished, options: {engine, device}}: StoredRun): string =>
	finished?.engine ?? (engine === 'aten' || device === 'cuda' ? 'aten' : 'fused');

/** A record as a group of its seeds. */
export const ofRecord = ({name, record, ...measured}: MeasuredRecord, folder: string): RunGroup => ({
	...{name, step: name, trial: undefined, isRecord: true, experiment: record.experiment},
	...{target: record.preregistration.target, data: record.data, images: record.data, measured, answers: record.answers},
	runs: record.seeds.map(({seed, begun, trainCleanCorrect, trainCleanTotal}) => ({
		...{seed, folder, begun: begun ?? undefined},
		epochs: record.epochs.filter(row => row.seed === seed),
		...{of: record.experiment.epochs, isFinished: true},
		held: measured.missed.every(missed => missed.seed !== seed),
		trainClean: trainCleanCorrect / trainCleanTotal,
	})),
});

const ofRuns = (all: readonly StoredRun[], notes: string[]): RunGroup => {
	const [first] = all;
	if (!first) {
		throw new Error('a group has at least one run');
	}

	const {step, experiment, target, data, options} = first;
	const trial = first.trial && settingsName({settings: first.trial});
	const {limitTrain = Infinity, limitTest = Infinity, holdout = 0} = options;
	const images = {
		train: first.epochs[0]?.trainTotal ?? Math.min(limitTrain, data.train - holdout),
		test: Math.min(limitTest, data.test),
	};
	const count = (images: number): string => images.toLocaleString('en');
	const name = [
		...[step, trial !== undefined && `trial ${trial}`],
		all.every(({options}) => options.epochs !== undefined) &&
			`${experiment.epochs} ${experiment.epochs === 1 ? 'epoch' : 'epochs'}`,
		images.train < data.train && `${count(images.train)} training images`,
		images.test < data.test && `${count(images.test)} test images`,
		engineOf(first) === 'aten' && 'on aten',
	]
		.filter(Boolean)
		.join(', ');

	const runs = [...new Set(all.map(({seed}) => seed))]
		.toSorted((a, b) => a - b)
		.map(seed => {
			const same = all.filter(run => run.seed === seed).toSorted((a, b) => a.begun.localeCompare(b.begun));
			const chosen = same.findLast(({finished}) => finished) ?? same.at(-1) ?? first;
			if (same.length > 1) {
				const others = same.length === 2 ? 'one other' : `${same.length - 1} others`;
				notes.push(
					`${name}: seed ${seed} was run ${same.length === 2 ? 'twice' : `${same.length} times`}. ${displayPath(chosen.folder)} counts, and ${others} not.`,
				);
			}

			return chosen;
		});
	const finished = runs.flatMap(({finished}) => (finished ? [finished] : []));
	const measured =
		finished.length > 0
			? measureSeeds({seeds: finished, epochs: finished.flatMap(({epochs}) => epochs)}, target)
			: undefined;
	return {
		...{name, step, trial, isRecord: false, experiment, target, data, images, measured},
		runs: runs.map(({seed, folder, begun, epochs, finished}) => ({
			...{seed, folder: displayPath(folder), begun, epochs, of: experiment.epochs, isFinished: finished !== undefined},
			held: finished && measured?.missed.every(missed => missed.seed !== seed),
			trainClean: finished && finished.trainCleanCorrect / finished.trainCleanTotal,
		})),
		answers: runs.flatMap(run => answersOf(run, notes) ?? []),
	};
};

/** What a run gets wrong; nothing where it has not finished, or the test labels are no longer there. */
const answersOf = (run: StoredRun, notes: string[]): RunGroup['answers'][number] | undefined => {
	const {seed, folder, finished, data} = run;
	if (!finished) {
		return undefined;
	}

	const {labels} = finished.answers;
	const expected = labelsOf(data, notes);
	if (!expected) {
		return undefined;
	}

	const mistakes = labels.flatMap((label, image) =>
		label === expected[image] ? [] : [[image, finished.answers.probabilities[image] ?? 0] as const],
	);
	const told = finished.epochs.at(-1)?.testCorrect;
	if (labels.length - mistakes.length !== told) {
		const problem = `its predictions get ${labels.length - mistakes.length} of ${labels.length} test images right, its last epoch tells of ${told}`;
		throw new RecordError(folder, `${problem}: the test labels have changed since, or it is damaged`);
	}

	return {seed, mistakes: Object.fromEntries(mistakes)};
};

const labelsOf = (data: StoredRun['data'], notes: string[]): Uint8Array | undefined => {
	try {
		return data.testLabels();
	} catch (error) {
		if (!(error instanceof DataError)) {
			throw error;
		}

		const note = `Predictions on ${data.name} are not compared: ${error.message}.`;
		if (!notes.includes(note)) {
			notes.push(note);
		}

		return undefined;
	}
};

/** Names by which all groups can be told: what a step was recorded as, and where else runs have changed. */
const toldApart = (groups: readonly RunGroup[]): RunGroup[] =>
	groups.map(group => {
		const {name, isRecord, runs} = group;
		const alike = groups.filter(other => other.name === name);
		if (alike.length === 1) {
			return group;
		}

		const differently = alike.filter(other => !other.isRecord).length > 1;
		const newest = path.basename(
			runs
				.map(({folder}) => folder)
				.toSorted()
				.at(-1) ?? formatValue(runs),
		);
		return {...group, name: isRecord ? `${name}, recorded` : differently ? `${name} (${newest})` : name};
	});
