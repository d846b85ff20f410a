import {existsSync, realpathSync} from 'node:fs';
import path from 'node:path';
import {
	type MeasuredRecord,
	measureSeeds,
	type SeedPredictions,
	type SeedsMeasured,
} from '../claims/measured-record.js';
import type {RecordedAnswers, RecordedEpoch} from '../claims/step-record.js';
import type {Data, DataDescription} from '../data/data.js';
import {ConfigError, DataError, LadderError, RecordError} from '../errors/index.js';
import type {Experiment} from '../experiment/experiment.js';
import type {Goal} from '../experiment/goal.js';
import {measurePredictions} from '../experiment/prediction-measures.js';
import {settingsName} from '../experiment/settings.js';
import {displayPath} from '../format/command-line.js';
import {formatValue} from '../format/value.js';
import {checkLadder} from '../ladder/check-ladder.js';
import type {Ladder} from '../ladder/open-ladder.js';
import {LadderRecords} from '../record/ladder-records.js';
import type {Answers} from '../runs/events.js';
import {runFolders} from '../runs/list-runs.js';
import {readRun, type StoredRun} from '../runs/read-run.js';
import {groupBy} from '../statistics/group-by.js';
import {checkNames} from '../validation/check-names.js';
import {checkObject} from '../validation/plain-object.js';

/** The seeds of one experiment on the same images: a record, or runs with the same settings. */
export type RunGroup = {
	/** Display name: the step, and whatever distinguishes the group from others, such as its trial's settings. */
	readonly name: string;
	readonly step: string;
	/** The changed settings of a trial; `undefined` for the unchanged step. */
	readonly trial: string | undefined;
	readonly isRecord: boolean;
	readonly experiment: Experiment;
	readonly target: Goal;
	readonly data: DataDescription;
	/** Numbers of images that were used for training and evaluation, after limits. */
	readonly images: {
		readonly train: number;
		readonly test: number;
		/** The seed by which test images were drawn; `undefined` for all of them, or the first ones. */
		readonly drawSeed?: number | undefined;
	};
	/** Runs, one per seed, finished or not. */
	readonly runs: readonly GroupedRun[];
	/** Measures over the finished seeds; `undefined` if there are none. */
	readonly measured: SeedsMeasured | undefined;
	/** Mistakes of finished seeds; empty if the test labels are missing. */
	readonly answers: ReadonlyArray<Pick<RecordedAnswers, 'seed' | 'mistakes'>>;
	/** Test images that finished runs get wrong, those that most get wrong first; empty for a record, whose own report has them. */
	readonly mistakes: readonly RunMistake[];
};

/** A test image that at least one run gets wrong. */
export type RunMistake = {
	/** Its file, or its number among the test images. */
	readonly image: string;
	/** Name of its class. */
	readonly class: string;
	/** Names of the predicted classes, the most frequent first. */
	readonly predicted: readonly string[];
	/** Number of runs that get it wrong. */
	readonly seeds: number;
	/** The highest probability of a wrong class. */
	readonly probability: number;
};

/** One seed of a group. */
export type GroupedRun = {
	readonly seed: number;
	/** The folder of the run, or of the record. */
	readonly folder: string;
	/** Start time in UTC; `undefined` in records older than this field. */
	readonly begun: string | undefined;
	/** Finished epochs. */
	readonly epochs: readonly RecordedEpoch[];
	/** Number of epochs of the experiment. */
	readonly of: number;
	readonly isFinished: boolean;
	/** Whether the target was held; `undefined` for an unfinished run. */
	readonly held: boolean | undefined;
	/** Accuracy on the training images in evaluation mode, after the last epoch. */
	readonly trainClean: number | undefined;
};

/** Options for finding runs. */
export type RunsOptions = {
	/** The ladder to find steps in, or a function that opens it; not needed for folders of runs. */
	readonly ladder?: Ladder | (() => Promise<Ladder>);
};

export const runsOptionNames = ['ladder'] as const satisfies ReadonlyArray<keyof RunsOptions>;

/** Groups of runs, and sentences about runs that were left out. */
export type Found = {readonly groups: readonly RunGroup[]; readonly notes: readonly string[]};

/**
 * Finds run folders, folders of run folders, or recorded steps. A folder of runs takes precedence over a step of the same
 * name. Runs of one step with the same settings form one group, wherever they are stored. Of several runs of a seed, the
 * newest finished one is used, or the newest if none has finished.
 *
 * @param options.ladder ladder to find steps in; opened only if a name is not a folder of runs
 * @throws {ConfigError} for a name that is neither a folder of runs nor a recorded step, and for an invalid list
 * @throws {RecordError} if a run or a record is damaged
 */
export const findGroups = async (names: readonly string[], options: RunsOptions = {}): Promise<Found> => {
	checkRunNames(names);
	checkObject('options', options);
	checkNames(options, runsOptionNames);
	const {ladder} = options;
	const notes: string[] = [];
	const runsByKey = new Map<string, Map<string, StoredRun>>(); // each by folder, which several names may lead to
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
			runsByKey.set(key, (runsByKey.get(key) ?? new Map()).set(run.folder, run));
			order.add(key);
		}
	}

	if (order.size === 0) {
		const got = names.join(', ');
		throw new ConfigError(
			'runs',
			'runs of this version',
			got,
			`there is no readable run in ${got}. ${notes.join(' ')}`,
		);
	}

	const groups = [...order].map(key => records.get(key) ?? ofRuns([...(runsByKey.get(key)?.values() ?? [])], notes));
	return {groups: withUniqueNames(groups), notes};
};

const checkRunNames = (names: unknown): void => {
	const isValid = Array.isArray(names) && names.every(name => typeof name === 'string' && name !== '');
	if (!isValid || names.length === 0) {
		throw new ConfigError('runs', 'a list of folders of runs or recorded steps', formatValue(names));
	}
};

const recordOf = async (
	name: string,
	ladder: RunsOptions['ladder'],
): Promise<{recorded: MeasuredRecord; folder: string}> => {
	const opened = await explainUnknown(name, async () => {
		if (!ladder) {
			throw new ConfigError('ladder', 'given, since a step is named', formatValue(ladder));
		}

		const opened: Ladder = typeof ladder === 'function' ? await ladder() : ladder;
		checkLadder(opened);
		return opened;
	});
	const entry = await explainUnknown(name, async () => opened.entry(name));
	return {recorded: new LadderRecords(opened).of(entry), folder: entry.record};
};

/** Looks up a step. Its error says first that the name is no folder of runs either. */
const explainUnknown = async <Value>(name: string, work: () => Promise<Value>): Promise<Value> => {
	try {
		return await work();
	} catch (error) {
		if (!(error instanceof ConfigError || error instanceof LadderError)) {
			throw error;
		}

		const isPath = /[/\\.]/.test(name);
		const noRuns = existsSync(name) ? `there are no runs in ${name}` : `there is no folder ${name}`;
		const sentence = existsSync(name) || isPath ? noRuns : `${noRuns}; ${error.message}`;
		throw new ConfigError('runs', 'folders of runs, or recorded steps', name, sentence, {cause: error});
	}
};

/** Reads runs in display order: the unchanged step before its trials, the oldest first. */
const readAll = (folders: readonly string[], isOne: boolean, notes: string[]): StoredRun[] =>
	folders
		.flatMap(folder => {
			try {
				return readRun(folder);
			} catch (error) {
				if (isOne || !(error instanceof ConfigError || error instanceof DataError)) {
					throw error;
				}

				notes.push(`Left out: ${displayPath(folder)}, whose config.json this version can’t read.`);
				return [];
			}
		})
		.toSorted(
			(a, b) =>
				Number(a.trial !== undefined) - Number(b.trial !== undefined) ||
				a.begun.localeCompare(b.begun) ||
				a.seed - b.seed,
		);

/** Returns a key that is equal for runs of the same group. */
const keyOf = (run: StoredRun): string => {
	const {step, trial, experiment, target, data, options, drawSeed} = run;
	const images = [data.hash, data.validation, options.limitTrain, options.limitTest, options.holdout, drawSeed];
	return JSON.stringify([step, trial, experiment, target, ...images, engineOf(run)]);
};

const engineOf = ({finished, options: {engine, device}}: StoredRun): string =>
	finished?.engine ?? (engine === 'aten' || device === 'cuda' ? 'aten' : 'fused');

/** Converts a record to a group. */
export const ofRecord = ({name, record, ...measured}: MeasuredRecord, folder: string): RunGroup => {
	const rowsBySeed = groupBy(record.epochs, ({seed}) => seed);
	return {
		...{name, step: name, trial: undefined, isRecord: true, experiment: record.experiment},
		...{
			target: record.preregistration.target,
			data: record.data,
			images: record.data,
			measured,
			answers: record.answers,
		},
		mistakes: [],
		runs: record.seeds.map(({seed, begun, trainCleanCorrect, trainCleanTotal}) => ({
			...{seed, folder, begun: begun ?? undefined},
			epochs: rowsBySeed.get(seed) ?? [],
			...{of: record.experiment.epochs, isFinished: true},
			held: measured.missed.every(missed => missed.seed !== seed),
			trainClean: trainCleanCorrect / trainCleanTotal,
		})),
	};
};

const ofRuns = (all: readonly StoredRun[], notes: string[]): RunGroup => {
	const [first] = all;
	if (!first) {
		throw new Error('a group has at least one run');
	}

	const {step, experiment, target, data, options, drawSeed} = first;
	const trial = first.trial && settingsName({settings: first.trial});
	const {limitTrain = Infinity, limitTest = Infinity, holdout = 0} = options;
	const images = {
		train: first.epochs[0]?.trainTotal ?? Math.min(limitTrain, data.train) - holdout,
		test: Math.min(limitTest, data.test),
		...(limitTest < data.test && {drawSeed}),
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
				const others = same.length === 2 ? 'the other is' : `the ${same.length - 1} others are`;
				notes.push(
					`${name}: seed ${seed} was run ${same.length === 2 ? 'twice' : `${same.length} times`}. ${displayPath(chosen.folder)} is used, ${others} ignored.`,
				);
			}

			return chosen;
		});
	const finished = runs.flatMap(({finished}) => (finished ? [finished] : []));
	const measured =
		finished.length > 0
			? measureSeeds(
					{
						...{seeds: finished, epochs: finished.flatMap(({epochs}) => epochs), classes: data.classes},
						predictions: new Map(
							finished.map(({seed, answers}) => [seed, predictionsOf(answers, expectedOf(answers, data, notes), data)]),
						),
					},
					target,
				)
			: undefined;
	return {
		...{name, step, trial, isRecord: false, experiment, target, data, images, measured},
		runs: runs.map(({seed, folder, begun, epochs, finished}) => ({
			...{seed, folder: displayPath(folder), begun, epochs, of: experiment.epochs, isFinished: finished !== undefined},
			held: finished && measured?.missed.every(missed => missed.seed !== seed),
			trainClean: finished && finished.trainCleanCorrect / finished.trainCleanTotal,
		})),
		answers: runs.flatMap(run => answersOf(run, notes) ?? []),
		mistakes: mistakesOf(runs, notes),
	};
};

/** Returns the mistakes of a run; `undefined` if it has not finished, or the test labels are missing. */
const answersOf = (run: StoredRun, notes: string[]): RunGroup['answers'][number] | undefined => {
	const {seed, folder, finished, data} = run;
	if (!finished) {
		return undefined;
	}

	const wrong = wrongAnswers(finished.answers, data, notes);
	if (!wrong) {
		return undefined;
	}

	const {labels} = finished.answers;
	const reported = finished.epochs.at(-1)?.testCorrect;
	if (labels.length - wrong.length !== reported) {
		const problem = `its predictions get ${labels.length - wrong.length} of ${labels.length} test images right, its last epoch reports ${reported}`;
		throw new RecordError(folder, `${problem}: the test labels have changed since, or the run is damaged`);
	}

	return {seed, mistakes: Object.fromEntries(wrong.map(({image, probability}) => [image, probability]))};
};

/** Returns the test images that runs get wrong; none if the test labels are missing. */
const mistakesOf = (runs: readonly StoredRun[], notes: string[]): RunMistake[] => {
	const byImage = new Map<number, WrongAnswer[]>();
	for (const answer of runs.flatMap(
		({finished, data}) => (finished && wrongAnswers(finished.answers, data, notes)) ?? [],
	)) {
		byImage.set(answer.image, [...(byImage.get(answer.image) ?? []), answer]);
	}

	const {classes = [], testName} = runs[0]?.data ?? {};
	const nameOf = (label: number): string => classes[label] ?? String(label);
	return [...byImage]
		.toSorted(([a, ofA], [b, ofB]) => ofB.length - ofA.length || a - b)
		.map(([image, answers]) => {
			const labels = answers.map(({label}) => label);
			const countOf = (label: number): number => labels.filter(other => other === label).length;
			return {
				...{image: testName?.(image) ?? `#${image}`, class: nameOf(answers[0]?.expected ?? 0), seeds: answers.length},
				predicted: [...new Set(labels)].toSorted((a, b) => countOf(b) - countOf(a) || a - b).map(nameOf),
				probability: Math.max(...answers.map(({probability}) => probability)),
			};
		});
};

/** A prediction of a test image that is of another class. */
type WrongAnswer = {
	/** Its number among the test images. */
	readonly image: number;
	readonly expected: number;
	readonly label: number;
	readonly probability: number;
};

/** Returns the wrong predictions of a run, in the order of its images; `undefined` if the test labels are missing. */
const wrongAnswers = (answers: Answers, data: Data, notes: string[]): WrongAnswer[] | undefined => {
	const {labels, probabilities, images} = answers;
	const expected = expectedOf(answers, data, notes);
	return (
		expected &&
		labels.flatMap((label, index) => {
			const right = expected[index] ?? 0;
			const [image, probability] = [images?.[index] ?? index, probabilities[index] ?? 0];
			return label === right ? [] : [{image, expected: right, label, probability}];
		})
	);
};

/** Measures the predictions of a run. */
const predictionsOf = (
	{labels, probabilities, ranks}: Answers,
	expected: ArrayLike<number> | undefined,
	{classes}: DataDescription,
): SeedPredictions => ({
	labels,
	measures: expected && measurePredictions({labels: expected, predictions: labels, probabilities, ranks}, classes),
});

/** Returns the class of each test image, which runs of older versions have in their data alone. */
const expectedOf = ({labels, expected}: Answers, data: Data, notes: string[]): ArrayLike<number> | undefined =>
	expected ?? labelsOf(data, notes)?.subarray(0, labels.length);

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

/** Makes display names unique: marks records, and adds a folder to runs that differ in other ways. */
const withUniqueNames = (groups: readonly RunGroup[]): RunGroup[] =>
	groups.map(group => {
		const {name, isRecord, runs} = group;
		const namesakes = groups.filter(other => other.name === name);
		if (namesakes.length === 1) {
			return group;
		}

		const needsFolder = namesakes.filter(other => !other.isRecord).length > 1;
		const newest = path.basename(
			runs
				.map(({folder}) => folder)
				.toSorted()
				.at(-1) ?? formatValue(runs),
		);
		return {...group, name: isRecord ? `${name}, recorded` : needsFolder ? `${name} (${newest})` : name};
	});
