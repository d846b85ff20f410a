/// <reference lib="esnext.disposable" preserve="true" />
import {existsSync, rmSync} from 'node:fs';
import path from 'node:path';
import type {Preregistration} from '../claims/preregistration.js';
import {
	type AddedSeeds,
	type RecordedAnswers,
	type RecordedEpoch,
	type RecordedSeed,
	type StepRecord,
	writeLabels,
} from '../claims/step-record.js';
import type {Data} from '../data/data.js';
import {sourceOf} from '../data/data.js';
import {ConfigError, LockError, RecordError} from '../errors/index.js';
import {differences} from '../experiment/difference.js';
import type {PartialGoal} from '../experiment/goal.js';
import {learningRates} from '../experiment/learning-rates.js';
import {summarize} from '../experiment/summarize.js';
import {listSeeds} from '../format/seeds.js';
import {formatValue} from '../format/value.js';
import {listFolder} from '../fs/list-folder.js';
import {acquireLock, type Lock, lockHolder, lockPathFor} from '../fs/lock.js';
import {makeFolders} from '../fs/make-folders.js';
import {suggestOut, wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {clearUnfinished} from '../fs/write-user-file.js';
import type {StepEntry} from '../ladder/open-ladder.js';
import type {LedgerLine} from '../ledger/events.js';
import {appendToLedger, cleanUpLedger, ledgerFile, ledgerHead, readLedger} from '../ledger/ledger.js';
import type {Condition} from '../native/condition.js';
import {cleanUpRuns} from '../runs/clean-up.js';
import {tryReadConfig} from '../runs/config.js';
import {runCreator} from '../runs/create-run.js';
import {findRuns} from '../runs/find-runs.js';
import {type FinishedRun, readFinishedRun} from '../runs/finished-run.js';
import {isFolderLocked} from '../runs/folder.js';
import {isFinished as hasFinished} from '../runs/is-finished.js';
import {reopenRun} from '../runs/reopen-run.js';
import type {TrainOptions} from '../runs/train-options.js';
import type {Where} from '../slurm/options.js';
import {binsOf} from '../statistics/classification.js';
import {checkTraining} from '../training/check-training.js';
import {countsForLoss} from '../training/image-selection.js';
import {type Folders, trainInFolders} from '../training/train.js';
import type {Training} from '../training/training.js';
import {checkFresh} from '../validation/check-fresh.js';
import {additionsTo, asRecorded, noteAddedSeeds, recordToExtend} from './added-seeds.js';
import {checkAnswers} from './check-answers.js';
import {isEarlier} from './check-ledger.js';
import {checkRecord, needsClassCounts} from './check-record.js';
import {checkCommittable, commitFiles} from './commit.js';
import {hasRecord, readRecord, recordHash, writeRecord} from './file.js';
import type {LadderRecords} from './ladder-records.js';
import {notePreregistration, preregister} from './preregister.js';
import {preregistrationFile, preregistrationHash} from './preregistration-file.js';
import {testImagesFile} from './test-images.js';
import {checkTimestampUrl, stampPreregistration, timestampFile} from './timestamp.js';

/** How a step is recorded. */
export type RecordOptions = Pick<TrainOptions, 'engine' | 'threads' | 'jobs' | 'signal' | keyof Where> & {
	/**
	 * The seeds, one run each.
	 *
	 * @range different whole numbers from 0 to 4294967295, 1 to 10000 of them
	 * @unit seeds
	 */
	readonly seeds: readonly number[];
	/**
	 * Whether the seeds are added to those of the step's record. That is noted in the ledger before they are trained, and stated in the
	 * step's text, since the results of the others are known.
	 *
	 * @default false
	 */
	readonly add?: boolean;
	/** Folder of the runs. Those that are there already are resumed, or used as they are if finished. */
	readonly out: string;
	/**
	 * Whether to preregister and train again.
	 *
	 * @default false
	 */
	readonly fresh?: boolean;
	/**
	 * Whether to commit the preregistration, with the ledger and nothing else, before anything is trained. Git then shows that it
	 * stood before the results.
	 *
	 * @default false
	 */
	readonly commit?: boolean;
	/**
	 * The address of a timestamp authority (RFC 3161), which signs the hash of the preregistration and the time, before anything is
	 * trained. Kept in `timestamp.json`, and verified without a network.
	 *
	 * @default no timestamp
	 */
	readonly timestamp?: string;
};

/** A recording under way. */
export type Recording = {
	/** All seeds of the record. */
	readonly seeds: readonly number[];
	/** Seeds that had finished before. */
	readonly finished: readonly number[];
	/** Training of the other seeds; `undefined` if there are none. */
	readonly training: Training | undefined;
	/**
	 * Writes the record, once training has finished. Later calls return the same record.
	 *
	 * @throws {ConfigError} before training has finished
	 */
	readonly write: () => StepRecord;
	/** Stops the training if it is running, and releases the step’s record. Runs that have begun are resumed by the next recording. */
	readonly [Symbol.asyncDispose]: () => Promise<void>;
};

/**
 * Preregisters a step and trains it over seeds on its ladder's data. Locks the step's record until the record is written,
 * the training has failed, or the recording is disposed of.
 *
 * An interrupted recording resumes after the last finished epoch of each seed, and gives the same record. All options
 * are checked before anything is written. With `fresh`, earlier runs are removed once the new record is written.
 *
 * @param records that the step's reason may refer to
 * @throws {RecordError} if the step differs from its preregistration, or a finished run is damaged
 * @throws {LockError} if the step is being recorded
 */
export const makeRecord = async (
	entry: StepEntry,
	data: Data,
	records: LadderRecords,
	{seeds: given, add = false, out, fresh = false, commit = false, timestamp, ...options}: RecordOptions,
): Promise<Recording> => {
	const {step, record: folder} = entry;
	checkFresh(fresh);
	checkAdd(add, {fresh, timestamp});
	checkCommit(commit, records.ladder.folder);
	if (timestamp !== undefined) {
		checkTimestampUrl(timestamp);
	}

	checkTraining(step, {...options, seeds: given, out, data: sourceOf(data)}, data);
	const parent = path.join(out, step.name);
	wrapWriteErrors(`in ${parent}`, parent, () => makeFolders(parent), suggestOut); // before a preregistration is replaced
	const lock = await lockRecord(entry, options.signal);
	try {
		const signal = AbortSignal.any([lock.signal, ...(options.signal ? [options.signal] : [])]);
		cleanUpLedger(records.ladder.folder);
		clearUnfinished(path.dirname(folder));
		const classCounts = await countsForLoss(step.experiment, data, {});
		const {folder: ladder} = records.ladder;
		const extended = add ? recordToExtend(entry, ladder, given) : undefined;
		const preregistered = extended?.preregistration.seeds ?? given;
		const preregistration = preregister(entry, records, data, {seeds: preregistered, classCounts, fresh});
		const purpose = preregistrationHash(preregistration);
		notePreregistration(entry, ladder, preregistration);
		if (extended) {
			noteAddedSeeds(ladder, folder, extended, given);
		}

		const added = additionsTo(readLedger(ladder), purpose); // also those of an interrupted command: none is ever dropped
		const seeds = [...preregistered, ...added.flatMap(({seeds}) => seeds)];
		const before = added.length > 0 ? tryReadRecord(folder) : undefined;
		// A new preregistration has no runs yet, and damage to older ones doesn't matter.
		const folders = fresh
			? new Map<number, string>()
			: findRuns(parent, {step, data, seeds, engine: options.engine, purpose});
		const isFinished = (seed: number): boolean => {
			const folder = folders.get(seed);
			return (folder !== undefined && hasFinished(folder)) || isRecorded(before, seed, purpose);
		};

		const part = (seed: number): SeedPart =>
			before && isRecorded(before, seed, purpose)
				? recordedPart(before, seed)
				: readRun(folders.get(seed) ?? '', seed, preregistration, data, records.ladder.target);
		const finished = seeds.filter(isFinished);
		const parts = new Map(finished.map(seed => [seed, part(seed)])); // a damaged run is reported before hours of training
		await cleanUpRuns(parent);
		const createRun = runCreator(out);
		const missing = seeds.filter(seed => !parts.has(seed));
		const open: Folders['open'] = async (run, stop) => {
			const found = folders.get(run.seed);
			const opened = await (found === undefined ? createRun({...run, purpose}) : reopenRun(found, stop));
			folders.set(run.seed, opened.path);
			return opened;
		};
		if (timestamp !== undefined) {
			await stampPreregistration(entry, preregistration, timestamp, signal);
		}

		if (commit) {
			const message = add
				? `Add ${listSeeds(given)} to the record of ${step.name}`
				: `Preregister ${step.name} (${listSeeds(seeds)})`;
			const others = [preregistrationFile(folder), testImagesFile(ladder), timestampFile(folder)];
			const files = add
				? [ledgerFile(ladder), ...others]
				: [...others.slice(0, 1), ledgerFile(ladder), ...others.slice(1)];
			commitFiles(
				ladder,
				files.filter(file => existsSync(file)),
				message,
			);
		}

		if (missing.length > 0) {
			appendToLedger(ladder, {event: 'begun', step: step.name, promise: purpose, seeds: missing});
		}

		const training =
			missing.length > 0
				? trainInFolders(
						step,
						{...options, signal, data: sourceOf(data), seeds: missing, ...(options.on === 'slurm' && {out})},
						{open, find: seed => folders.get(seed), name: purpose.slice(0, 12)},
						undefined,
					)
				: undefined;
		let isTrained = training === undefined;
		training?.result.then(
			() => {
				isTrained = true;
			},
			() => lock.release(),
		);
		let made: StepRecord | undefined;
		const write = (): StepRecord => {
			if (made) {
				return made;
			}

			if (!isTrained) {
				const sentence =
					'the record can’t be written yet: its training has not finished; await `training.result` first';
				throw new ConfigError('write', 'called after `training.result`', 'earlier', sentence);
			}

			try {
				const assembled = assemble(
					preregistration,
					seeds.map(seed => parts.get(seed) ?? part(seed)),
					asRecorded(added),
				);
				lock.check();
				const record = inLedger(entry, assembled, ladder);
				writeRecord(folder, record);
				noteRecord(ladder, record);
				if (fresh) {
					removeEarlier(parent, step.name, purpose);
				}

				made = record;
				return record;
			} finally {
				lock.release();
			}
		};

		return {
			...{seeds, finished},
			training,
			write,
			async [Symbol.asyncDispose]() {
				await training?.[Symbol.asyncDispose]();
				lock.release();
			},
		};
	} catch (error) {
		lock.release();
		throw error;
	}
};

/** @throws {ConfigError} for anything but `true` and `false`, and together with an option that is of a new preregistration */
const checkAdd = (add: unknown, {fresh, timestamp}: {fresh: boolean; timestamp: string | undefined}): void => {
	if (typeof add !== 'boolean') {
		throw new ConfigError('add', '`true` or `false`', formatValue(add));
	}

	const other = fresh ? 'fresh' : timestamp === undefined ? undefined : 'timestamp';
	if (add && other !== undefined) {
		const sentence = `\`${other}\` can’t be used with seeds that are added: it is about a new preregistration, and theirs stands already`;
		throw new ConfigError(other, 'left out where seeds are added', 'both', sentence);
	}
};

/** @throws {ConfigError} for anything but `true` and `false`, and where nothing can be committed */
const checkCommit = (commit: unknown, ladder: string): void => {
	if (typeof commit !== 'boolean') {
		throw new ConfigError('commit', '`true` or `false`', formatValue(commit));
	}

	if (commit) {
		checkCommittable(ladder);
	}
};

/**
 * Returns a record with the ledger's last line. If the same record is on disk, with that one's: what has been recorded stays to the
 * byte, also in the format from before there were ledgers.
 */
const inLedger = (entry: StepEntry, record: StepRecord, ladder: string): StepRecord => {
	const found = tryReadRecord(entry.record);
	const isSame = found !== undefined && recordHash({...record, ledger: found.ledger}) === recordHash(found);
	const isKept = isSame && (found.ledger !== undefined || isEarlier(entry.record, readLedger(ladder), ladder));
	return isKept ? found : {...record, ledger: ledgerHead(ladder)};
};

/** Notes a record in the ledger, unless that was done, or it is older than the ledger. */
const noteRecord = (ladder: string, record: StepRecord): void => {
	const [promise, hash] = [preregistrationHash(record.preregistration), recordHash(record)];
	const isNoted = (line: LedgerLine): boolean => line.event === 'recorded' && line.record === hash;
	if (record.ledger !== undefined && !readLedger(ladder).some(isNoted)) {
		appendToLedger(ladder, {event: 'recorded', step: record.step, promise, record: hash});
	}
};

const tryReadRecord = (folder: string): StepRecord | undefined => {
	try {
		return hasRecord(folder) ? readRecord(folder) : undefined;
	} catch (error) {
		if (error instanceof RecordError) {
			return undefined; // it is replaced
		}

		throw error;
	}
};

/** Acquires the lock of a step's record. */
const lockRecord = async ({step, record}: StepEntry, signal: AbortSignal | undefined): Promise<Lock> => {
	const parent = path.dirname(record);
	wrapWriteErrors(`in ${parent}`, parent, () => makeFolders(parent));
	return acquireLock(recordName(step.name), lockPathFor(record), signal);
};

/** Returns an error that names the process that is recording a step; `undefined` if none is. */
export const lockOfRecording = ({step, record}: StepEntry): LockError | undefined => {
	const file = lockPathFor(record);
	const holder = lockHolder(file);
	return holder && new LockError(recordName(step.name), file, holder);
};

const recordName = (step: string): string => `the record of \`${step}\``;

/** Removes the runs of earlier preregistrations of a step, except those in use. */
const removeEarlier = (parent: string, step: string, purpose: string): void => {
	for (const name of listFolder(parent)) {
		const folder = path.join(parent, name);
		const run = tryReadConfig(folder);
		const isEarlier = run?.step.name === step && run.purpose !== undefined && run.purpose !== purpose;
		if (isEarlier && !isFolderLocked(folder)) {
			rmSync(folder, {recursive: true, force: true});
		}
	}
};

/** What a record keeps of one seed. */
type SeedPart = {
	readonly seed: Omit<RecordedSeed, 'condition'>;
	readonly condition: Condition;
	readonly epochs: readonly RecordedEpoch[];
	readonly answers: RecordedAnswers;
};

/**
 * Reads a finished run.
 *
 * @throws {RecordError} if it is not a run of the preregistered experiment, or its parts disagree
 */
const readRun = (
	folder: string,
	seed: number,
	preregistration: Preregistration,
	data: Data,
	goal: PartialGoal,
): SeedPart => {
	const run = readFinishedRun(folder);
	const {engine, device, threads, trainCleanCorrect, trainCleanTotal, seconds, begun, condition} = run;
	const keepsClasses = needsClassCounts(preregistration.target, goal);
	const part: SeedPart = {
		seed: {seed, engine, device, threads, trainCleanCorrect, trainCleanTotal, seconds, begun},
		condition,
		epochs: run.epochs.map(({type: _, step: __, epochs: ___, testByClass, ...row}) => ({
			...row,
			...(keepsClasses && testByClass && {testByClass}),
		})),
		answers: answersOf(seed, run.answers, data),
	};
	const alone = assemble(preregistration, [part]);
	const [problem] = [
		...checkRun(run, preregistration, data.testLabels()),
		...checkRecord(alone),
		...checkAnswers(alone, data),
	];
	if (problem !== undefined) {
		throw new RecordError(folder, `${problem}; remove it, or train again with \`--fresh\``);
	}

	return part;
};

/** Returns whether a record of a preregistration has a seed. */
const isRecorded = (record: StepRecord | undefined, seed: number, purpose: string): boolean =>
	record !== undefined &&
	preregistrationHash(record.preregistration) === purpose &&
	record.seeds.some(recorded => recorded.seed === seed);

/** Returns a seed as a record has it, whose run may have been removed since. */
const recordedPart = (record: StepRecord, seed: number): SeedPart => {
	const [of] = record.seeds.filter(recorded => recorded.seed === seed);
	const [answers] = record.answers.filter(answers => answers.seed === seed);
	const {condition: index = 0, ...rest} = of ?? {};
	const condition = record.conditions[index];
	if (!of || !answers || !condition) {
		throw new Error(`a record that was read lacks a part of seed ${seed}`);
	}

	return {
		...{seed: rest as SeedPart['seed'], condition, answers},
		epochs: record.epochs.filter(row => row.seed === seed),
	};
};

/** Joins the seeds of a record; equal conditions become one. */
const assemble = (
	preregistration: Preregistration,
	parts: readonly SeedPart[],
	added: readonly AddedSeeds[] = [],
): StepRecord => {
	const {step, experiment, data} = preregistration;
	const conditions: Condition[] = [];
	const seeds = parts.map(({seed, condition}): RecordedSeed => {
		const known = conditions.findIndex(other => differences(other, condition).length === 0);
		return {...seed, condition: known === -1 ? conditions.push(condition) - 1 : known};
	});
	return {
		...{preregistration, step, experiment, data, parameters: summarize(experiment.net).parameters, conditions, seeds},
		...(added.length > 0 && {added}),
		...{epochs: parts.flatMap(({epochs}) => epochs), answers: parts.map(({answers}) => answers)},
	};
};

/** Converts predictions to the form of a record. */
export const answersOf = (
	seed: number,
	{labels, probabilities, ranks}: FinishedRun['answers'],
	data: Data,
): RecordedAnswers => {
	const expected = data.testLabels();
	const mistakes = labels.flatMap((label, image) => (label === expected[image] ? [] : [image]));
	const ofMistakes = (value: (image: number) => number): Record<string, number> =>
		Object.fromEntries(mistakes.map(image => [image, value(image)]));
	return {
		...{seed, labels: writeLabels(labels, data.classes.length)},
		mistakes: ofMistakes(image => Number((probabilities[image] ?? 0).toFixed(4))),
		...(ranks && {
			evaluation: {
				expected: ofMistakes(image => expected[image] ?? 0),
				ranks: ofMistakes(image => ranks[image] ?? 0),
				calibration: binsOf(expected, labels, probabilities).map(
					({count, correct, confidence}) => [count, correct, confidence] as const,
				),
			},
		}),
	};
};

/** Checks what a run has beside its record: names, totals and rates that follow from the preregistration. */
const checkRun = (
	run: FinishedRun,
	{step, data, experiment}: Pick<StepRecord, 'step' | 'data' | 'experiment'>,
	testLabels: Uint8Array,
): string[] => {
	const rates = learningRates(experiment, data.train);
	const row = run.epochs.find(
		row =>
			row.step !== step ||
			row.epochs !== experiment.epochs ||
			row.trainTotal !== data.train ||
			row.testTotal !== data.test ||
			row.learningRate !== rates[row.epoch - 1],
	);
	return [
		...(row ? [`epoch ${row.epoch} of its events is not of \`${step}\` over all images at the schedule’s rate`] : []),
		...(run.trainCleanTotal === data.train ? [] : [`it has ${run.trainCleanTotal} training images, not ${data.train}`]),
		...(run.answers.probabilities.length === run.answers.labels.length
			? []
			: ['it does not have a probability for each label']),
		...(run.answers.expected === undefined || String(run.answers.expected) === String(testLabels)
			? []
			: ['its predictions are of images of other classes than the data’s']),
	];
};
