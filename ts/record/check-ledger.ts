import type {StepRecord} from '../claims/step-record.js';
import {displayPath} from '../format/command-line.js';
import type {StepEntry} from '../ladder/open-ladder.js';
import type {LedgerLine, LineOf} from '../ledger/events.js';
import {experimentHash} from '../ledger/experiment-hash.js';
import {ledgerFile} from '../ledger/ledger.js';
import {stoodBefore} from '../ledger/stood-before.js';
import {additionProblem} from './added-seeds.js';
import {recordFileNames, recordHash} from './file.js';
import type {LadderRecords} from './ladder-records.js';
import {ledgerBefore, preregistrationHash} from './preregistration-file.js';
import {testImagesFile, testImagesProblem} from './test-images.js';

/**
 * Checks that the ledger has the records of steps, and that they stand in it where they say.
 *
 * @returns a sentence for each that it does not have, with its folder
 * @throws {RecordError} if the ledger was changed
 */
export const checkLedger = (records: LadderRecords, entries: readonly StepEntry[]): string[] => {
	const lines = records.ledger();
	const {folder: ladder} = records.ladder;
	const images = testImagesProblem(ladder, lines);
	const problems = images === undefined ? [] : [`${displayPath(testImagesFile(ladder))}: ${images}`];
	return [
		...problems,
		...entries.flatMap(entry => {
			const record = records.has(entry) ? records.find(entry)?.record : undefined;
			const problem = record && problemOf(entry, record, lines, ladder);
			return problem === undefined ? [] : [`${displayPath(entry.record)}: ${problem}`];
		}),
	];
};

/** Returns a sentence about the steps that were recorded before there was a ledger; none if there are none. */
export const unledgered = (records: LadderRecords, entries: readonly StepEntry[]): string[] => {
	const names = entries.flatMap(entry => {
		const found = records.find(entry);
		return found !== undefined && found.record.ledger === undefined ? [entry.step.name] : [];
	});
	return names.length === 0
		? []
		: [`Recorded before there was a ledger, so that earlier attempts are not known: ${names.join(', ')}.`];
};

/** Returns whether a record stood, as it is, when the ledger of its ladder was opened; or there is no ledger. */
export const isEarlier = (folder: string, lines: readonly LedgerLine[], ladder: string): boolean =>
	stoodBefore(lines, ladder, folder, recordFileNames);

const problemOf = (
	{record: folder}: StepEntry,
	record: StepRecord,
	lines: readonly LedgerLine[],
	ladder: string,
): string | undefined => {
	const ledger = displayPath(ledgerFile(ladder));
	const {preregistration} = record;
	if (record.ledger === undefined) {
		return isEarlier(folder, lines, ladder)
			? undefined
			: `it has the format from before there was a ledger, and did not stand like this when ${ledger} was opened`;
	}

	if (lines.length === 0) {
		return `${ledger}, in which it was noted, is missing`;
	}

	const at = (hash: string | undefined): number => lines.findIndex(line => line.hash === hash);
	const before = ledgerBefore(preregistration);
	const promise = preregistrationHash(preregistration);
	const promised = lines.findIndex(line => line.event === 'promised' && line.promise === promise);
	const own = {step: record.step, promise, record: recordHash(record)};
	const recorded = lines.findIndex(
		line =>
			line.event === 'recorded' && line.step === own.step && line.promise === own.promise && line.record === own.record,
	);
	if (before !== undefined && (at(before) === -1 || promised < at(before))) {
		return `its preregistration is not in ${ledger} where it says: the ledger was cut or rewritten, or the preregistration changed`;
	}

	if (before === undefined && !isListed(promise, lines)) {
		return `its preregistration has the format from before there was a ledger, and did not stand when ${ledger} was opened`;
	}

	const differing = before === undefined ? undefined : differenceOf(lines[promised] as LineOf<'promised'>, record);
	if (differing !== undefined) {
		return `\`${differing}\` of its preregistration differs from line ${promised + 1} of ${ledger}`;
	}

	const addition = additionProblem(record, lines);
	if (addition !== undefined) {
		return addition;
	}

	return at(record.ledger) === -1 || at(record.ledger) < promised || recorded <= at(record.ledger)
		? `it is not in ${ledger} as it is: the ledger was cut or rewritten, or the record changed; if \`record\` was interrupted, run it again`
		: undefined;
};

const isListed = (hash: string, [opened]: readonly LedgerLine[]): boolean =>
	opened?.event === 'opened' && Object.values(opened.files).includes(hash);

/** Names what a line of the ledger has otherwise than its preregistration; `undefined` if they agree. */
const differenceOf = (line: LineOf<'promised'>, {preregistration}: StepRecord): string | undefined => {
	const {step, experiment, data, seeds} = preregistration;
	const pairs = {
		step: [line.step, step],
		experiment: [line.experiment, experimentHash(experiment)],
		data: [line.data, data.hash],
		seeds: [line.seeds.join(), seeds?.join()],
	};
	return Object.entries(pairs).find(([, [noted, own]]) => noted !== own)?.[0];
};
