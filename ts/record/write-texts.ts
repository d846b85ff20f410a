import {existsSync, readFileSync} from 'node:fs';
import {LadderError, RecordError} from '../errors/index.js';
import {displayPath} from '../format/command-line.js';
import {checkFile} from '../fs/record-file.js';
import {wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {overwriteUserFile} from '../fs/write-user-file.js';
import type {Ladder, StepEntry} from '../ladder/open-ladder.js';
import {checkClaims} from './check-claims.js';
import {hasRecord, recordVersion} from './file.js';
import {LadderRecords} from './ladder-records.js';
import {hasBrokenMarks, marksWanted, withLadder} from './ladder-table.js';
import {stepText, textBlock, writeBlock} from './text-block.js';

/**
 * Writes the text blocks of all recorded steps, since other steps may speak of a record, and the table of the page. A
 * block that would say something false is not written. What another process records meanwhile is in them too.
 *
 * @returns a sentence for each step that keeps its old text, with the reason
 * @throws {WriteError}
 */
export const writeTexts = (ladder: Ladder): string[] => {
	for (;;) {
		const before = versions(ladder);
		const kept = writeAll(new LadderRecords(ladder));
		if (versions(ladder) === before) {
			return kept;
		}
	}
};

/** Changes with any of the records. */
const versions = ({entries}: Ladder): string => entries.map(({record}) => recordVersion(record)).join();

const writeAll = (records: LadderRecords): string[] => {
	const {entries, page} = records.ladder;
	const kept = entries
		.filter(entry => records.has(entry))
		.flatMap(entry =>
			unlessDamaged(`${displayPath(entry.file)} keeps its text block`, () => writeText(entry, records)),
		);
	return existsSync(page)
		? [...kept, ...unlessDamaged(`${displayPath(page)} keeps its table`, () => writeTable(records))]
		: kept;
};

const writeText = (entry: StepEntry, records: LadderRecords): string[] => {
	const falsehoods = checkClaims(entry, records);
	if (falsehoods.length > 0) {
		return falsehoods.map(sentence => `${sentence}; the text block stays as it was`);
	}

	writeBlock(entry.file, textBlock(stepText(entry, records)));
	return [];
};

const writeTable = (records: LadderRecords): string[] => {
	const {page, refused} = records.ladder;
	const gone = refused.find(({record}) => hasRecord(record));
	if (gone) {
		throw gone.error; // without its row, what was measured would be gone from the page
	}

	checkFile(page);
	const before = readFileSync(page, 'utf8');
	if (hasBrokenMarks(before)) {
		return [`${displayPath(page)} has no table: ${marksWanted}`];
	}

	const text = withLadder(before, records);
	wrapWriteErrors(displayPath(page), page, () => overwriteUserFile(page, text));
	return [];
};

/** What a missing or damaged record keeps from being written is told, and the rest is written. */
const unlessDamaged = (kept: string, work: () => string[]): string[] => {
	try {
		return work();
	} catch (error) {
		if (error instanceof RecordError || error instanceof LadderError) {
			return [`${kept}: ${error.message}`];
		}

		throw error;
	}
};
