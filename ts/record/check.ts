import {existsSync, readFileSync} from 'node:fs';
import type {StepRecord} from '../claims/step-record.js';
import type {Data} from '../data/data.js';
import {RecordError, StepladderError} from '../errors/index.js';
import {differences} from '../experiment/difference.js';
import {displayPath} from '../format/command-line.js';
import {formatSetting} from '../format/value.js';
import {checkFile} from '../fs/record-file.js';
import {ladderHint} from '../ladder/ladder-hint.js';
import type {StepEntry} from '../ladder/open-ladder.js';
import {readBlock, strayTexts} from './block-in-file.js';
import {checkAnswers} from './check-answers.js';
import {checkClaims} from './check-claims.js';
import {checkData, dataOfStep, isStale, type RecordedData} from './check-data.js';
import {checkLedger} from './check-ledger.js';
import {exportMarks, withExports} from './kept-exports.js';
import type {LadderRecords} from './ladder-records.js';
import {ladderMarks, withLadder} from './ladder-table.js';
import {checkPreregistration} from './preregister.js';
import {ledgerBefore, preregistrationFile} from './preregistration-file.js';
import {compareTestImages} from './test-images.js';
import {stepText, textBlock} from './text-block.js';

/**
 * Checks steps against their records, the table of the ladder's page against all records, and the data against all of them.
 *
 * @param entries steps to check
 * @param data of the ladder; `undefined` to check everything but what follows from its images
 * @param sweeps data of sweeps to check
 * @returns a sentence for each problem, with the file that it is in
 */
export const checkLadder = (
	records: LadderRecords,
	data: Data | undefined,
	entries: readonly StepEntry[],
	sweeps: readonly RecordedData[] = [],
): string[] => {
	const recorded = entries.flatMap(entry => {
		const found = records.has(entry) ? records.find(entry) : undefined;
		return found ? [dataOfStep(entry, found.record.data)] : [];
	});
	const problems = [
		...(data ? checkData([...recorded, ...sweeps], data) : []),
		...entries.flatMap(entry => [...checkStep(entry, records, data), ...strayTexts(entry.file)]),
		...collectProblems(() => checkLedger(records, entries)),
		...checkPage(records),
	];
	return [...new Set(problems)]; // steps that refer to the same damaged record report it alike
};

/** Checks a step against its record, and its text block against both. */
const checkStep = (entry: StepEntry, records: LadderRecords, data: Data | undefined): string[] =>
	collectProblems(() => {
		const {record} = records.of(entry);
		const folder = displayPath(entry.record);
		const images = data && !isStale(record.data, data) ? data : undefined;
		return [
			...checkPreregistration(entry, record.preregistration, records).map(
				sentence => `${displayPath(preregistrationFile(entry.record))}: ${sentence}`,
			),
			...(images ? checkAnswers(record, images).map(sentence => `${folder}: ${sentence}`) : []),
			...(images ? checkImages(entry, record, records, images) : []),
			...collectProblems(() => checkClaims(entry, records)),
			...collectProblems(
				() => checkBlock(entry, records),
				`${displayPath(entry.file)}: the text block can’t be made: `,
			),
		];
	});

/** Checks what a preregistration says of the images, from the version on that counts them. */
const checkImages = (entry: StepEntry, {preregistration}: StepRecord, records: LadderRecords, data: Data): string[] => {
	if (ledgerBefore(preregistration) === undefined) {
		return [];
	}

	const {folder: ladder} = records.ladder;
	const pairs = {
		'data.findings': [preregistration.data.findings, data.findings],
		testImages: [preregistration.testImages, compareTestImages(ladder, data)],
	};
	return Object.entries(pairs).flatMap(([name, [then, now]]) =>
		differences(then ?? {}, now ?? {}).length === 0
			? []
			: [
					`${displayPath(preregistrationFile(entry.record))}: \`${name}\` is ${formatSetting(then)}, and by the images it is ${formatSetting(now)}`,
				],
	);
};

const checkBlock = (entry: StepEntry, records: LadderRecords): string[] => {
	const {file} = entry;
	const found = (readBlock(file) ?? '').split('\n');
	const expected = textBlock(stepText(entry, records)).split('\n');
	const line = expected.findIndex((text, index) => text !== found[index]);
	return line === -1
		? []
		: [
				`${displayPath(file)}, line ${line + 1}: the text block says ${quoted(found[line])}, the records say ` +
					`${quoted(expected[line])}; try: ${ladderHint(file, 'record', '--text')}`,
			];
};

/** Checks the table of the ladder's page. Before the first record no table is expected. */
const checkPage = (records: LadderRecords): string[] =>
	collectProblems(() => {
		const {page: file, entries} = records.ladder;
		if (!existsSync(file)) {
			return [];
		}

		checkFile(file);
		const page = readFileSync(file, 'utf8');
		if (!ladderMarks.has(page)) {
			return [`${displayPath(file)}: ${ladderMarks.wanted}`];
		}

		if (exportMarks.isBroken(page)) {
			return [`${displayPath(file)}: ${exportMarks.wanted}`];
		}

		if (!ladderMarks.hasTable(page) && !entries.some(entry => records.has(entry))) {
			return [];
		}

		const lines = withExports(withLadder(page, records), records).split('\n');
		const line = page.split('\n').findIndex((text, index) => text !== lines[index]);
		return line === -1
			? []
			: [
					`${displayPath(file)}, line ${line + 1}: the records say ${quoted(lines[line])}; try: ${ladderHint(file, 'record', '--text')}`,
				];
	});

const quoted = (line: string | undefined): string => (line === undefined ? 'nothing' : JSON.stringify(line));

/** Returns the problems that `check` finds; an error of ours is one too. */
const collectProblems = (check: () => string[], lead = ''): string[] => {
	try {
		return check();
	} catch (error) {
		if (error instanceof RecordError) {
			return [`${displayPath(error.path)}: ${error.problem}`];
		}

		if (error instanceof StepladderError) {
			return [lead + error.message];
		}

		throw error;
	}
};
