import path from 'node:path';
import type {Preregistration} from '../claims/preregistration.js';
import {type Data, type DataDescription, describeWithFindings} from '../data/data.js';
import {RecordError} from '../errors/index.js';
import {differences} from '../experiment/difference.js';
import {goalOf} from '../experiment/goal.js';
import {formatSetting} from '../format/value.js';
import {ladderHint} from '../ladder/ladder-hint.js';
import type {StepEntry} from '../ladder/open-ladder.js';
import type {LedgerLine} from '../ledger/events.js';
import {experimentHash} from '../ledger/experiment-hash.js';
import {appendToLedger, fileHash, ledgerHead, readLedger} from '../ledger/ledger.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {commitOf} from './commit.js';
import {hasRecord} from './file.js';
import type {LadderRecords} from './ladder-records.js';
import {
	hasPreregistration,
	ledgerBefore,
	preregistrationFile,
	preregistrationHash,
	readPreregistration,
	writePreregistration,
} from './preregistration-file.js';
import {callStepFunction} from './step-function.js';
import {compareTestImages, keepTestImages, testImagesFile} from './test-images.js';
import {removeTimestamp} from './timestamp.js';

/** The parts of a preregistration that a step has; `classCounts` and `testImages` follow from its data. */
type Current = Omit<Preregistration, 'seeds' | 'made' | 'classCounts' | 'testImages'>;

/** Returns a preregistration of the step as it is now, without seeds. */
export const currentPreregistration = (entry: StepEntry, records: LadderRecords, data: Data): Current => ({
	...currentStep(entry, records),
	data: describeWithFindings(data),
});

/** Returns the parts of it that do not follow from the data. */
const currentStep = (entry: StepEntry, records: LadderRecords): Omit<Current, 'data'> => {
	const {name, from, target, experiment} = entry.step;
	const {why: reason} = target;
	const why =
		typeof reason === 'string'
			? reason
			: callStepFunction(entry, '`target.why`', () => records.evaluate(entry, evidence => reason(evidence)));
	return {
		step: name,
		from: from?.name ?? null,
		target: goalOf(target),
		why,
		experiment,
	};
};

/**
 * Returns the preregistration on disk, which the step must still agree with, or writes a new one.
 *
 * @param classCounts as in {@link Preregistration}
 * @param fresh whether to replace the one on disk
 * @throws {RecordError} if the step has changed since, or other seeds were preregistered
 */
export const preregister = (
	entry: StepEntry,
	records: LadderRecords,
	data: Data,
	{
		seeds,
		classCounts,
		fresh,
	}: Pick<Preregistration, 'classCounts'> & {
		readonly seeds: readonly number[];
		readonly fresh: boolean;
	},
): Preregistration => {
	const now = currentPreregistration(entry, records, data);
	const {record: folder} = entry;
	if (hasPreregistration(folder) && !fresh) {
		const preregistration = readPreregistration(folder);
		const [changed] = changes(preregistration, now, data);
		if (changed !== undefined) {
			throw new RecordError(preregistrationFile(folder), changed + remedy(entry));
		}

		const {seeds: expected} = preregistration;
		if (expected && expected.join() !== seeds.join()) {
			throw new RecordError(
				preregistrationFile(folder),
				`seeds ${expected.join(', ')} were preregistered, not ${seeds.join(', ')}; take those, add others later with \`--add-seeds\`, or preregister again with \`--fresh\``,
			);
		}

		return preregistration;
	}

	const {folder: ladder} = records.ladder;
	const commit = commitOf(path.dirname(folder)); // before anything is written
	const experiment = experimentHash(now.experiment);
	const isEarlier = (line: LedgerLine): boolean =>
		line.event === 'promised' && (line.step === now.step || line.experiment === experiment);
	abandon(entry, ladder);
	const ledger = ledgerHead(ladder);
	keepTestImages(ladder, data, readLedger(ladder));
	removeTimestamp(folder);
	return writePreregistration(folder, {
		...now,
		testImages: compareTestImages(ladder, data),
		classCounts,
		seeds,
		made: {
			...{by: 'record', time: new Date().toISOString(), version: unwrap(native().runtimeInfo()).version},
			...{commit, again: hasPreregistration(folder) || hasRecord(folder) || readLedger(ladder).some(isEarlier)},
			ledger,
		},
	});
};

/** Notes in the ledger that a preregistration on disk is going to be replaced. */
const abandon = ({step, record}: StepEntry, ladder: string): void => {
	if (!hasPreregistration(record)) {
		return;
	}

	const promise = fileHash(preregistrationFile(record));
	if (!readLedger(ladder).some(line => line.event === 'abandoned' && line.promise === promise)) {
		appendToLedger(ladder, {event: 'abandoned', step: step.name, promise});
	}
};

/**
 * Notes a preregistration in the ledger, unless that was done: `record` may have been killed after it wrote the file.
 * One from before there was a ledger is listed in its first line.
 */
export const notePreregistration = (
	{step, file}: StepEntry,
	ladder: string,
	preregistration: Preregistration,
): void => {
	const promise = preregistrationHash(preregistration);
	if (
		ledgerBefore(preregistration) === undefined ||
		readLedger(ladder).some(line => line.event === 'promised' && line.promise === promise)
	) {
		return;
	}

	const {experiment, data, seeds} = preregistration;
	appendToLedger(ladder, {
		...{event: 'promised', step: step.name, promise, experiment: experimentHash(experiment), data: data.hash},
		...{
			seeds: [...(seeds ?? [])],
			file: path.relative(ladder, file).replaceAll(path.sep, '/'),
			source: fileHash(file),
			testImages: fileHash(testImagesFile(ladder)),
		},
	});
};

/**
 * Checks a step against its preregistration, apart from the data, which {@link checkData} compares for all steps at once.
 *
 * @returns a sentence for each value that differs
 */
export const checkPreregistration = (
	entry: StepEntry,
	preregistration: Preregistration,
	records: LadderRecords,
): string[] =>
	changes(preregistration, {...currentStep(entry, records), data: preregistration.data}, {}).map(
		change => change + remedy(entry),
	);

/** Returns a sentence for each difference between recorded data and those of the ladder. */
export const dataChanges = (recorded: DataDescription, data: Data): string[] =>
	changed({data: recorded}, {data: describeWithFindings(data)}, data);

/** Returns a sentence for each difference between a preregistration and the step's experiment and target. */
export const stepChanges = ({step}: StepEntry, {experiment, target}: Preregistration): string[] =>
	changed({experiment, target: goalOf(target)}, {experiment: step.experiment, target: goalOf(step.target)}, {});

/** Completes the sentence about a step that differs from its preregistration. */
export const remedy = ({step, file}: StepEntry): string =>
	`; put it back, or record again: ${ladderHint(file, 'record', `--step ${step.name} --fresh`)}`;

const changes = (
	{seeds: _, made: __, classCounts: ___, testImages: ____, ...before}: Preregistration,
	now: Current,
	data: Pick<Data, 'decoder'>,
): string[] => changed({...before, target: goalOf(before.target)}, now, data);

/** The hashes of the files of weights that an experiment reads. */
const hashPaths = ['experiment.start.sha256', 'experiment.loss.teacher.sha256'];

const changed = (preregistered: unknown, now: unknown, {decoder}: Pick<Data, 'decoder'>): string[] => {
	const found = differences(preregistered, now)
		.filter(
			// an earlier version did not look for any; the same images have the same ones
			({path, before}) => !(path === 'data.findings' && before === undefined),
		)
		.filter(
			// a check needs no files of weights, which may be elsewhere; training compares their hashes
			({path, after}) => !(hashPaths.includes(path) && after === undefined),
		);
	const alone = found.length === 1 && decoder !== undefined;
	return found.map(({path, before, after}) => {
		const where = path.startsWith('data') ? 'in the ladder' : 'in the step';
		const [then, is] = excerpts(formatSetting(before ?? undefined), formatSetting(after ?? undefined));
		const decoded =
			alone && path === 'data.hash' ? ` (if the files are the same, ${decoder} decodes them differently)` : '';
		return `\`${path}\` was preregistered as ${then}, and is ${is} ${where} now${decoded}`;
	});
};

/** Shortens two texts to the part around their first difference. */
const excerpts = (before: string, after: string): [string, string] => {
	const first = [...before].findIndex((letter, index) => letter !== after[index]);
	const start = Math.max(0, (first === -1 ? before.length : first) - 20);
	const cut = (text: string): string =>
		text.length <= 80
			? text
			: `${start > 0 ? '... ' : ''}${text.slice(start, start + 60)}${start + 60 < text.length ? ' ...' : ''}`;
	return [cut(before), cut(after)];
};
