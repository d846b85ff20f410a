import {existsSync, readFileSync} from 'node:fs';
import {LadderError, RecordError} from '../errors/index.js';
import {displayPath} from '../format/command-line.js';
import {checkFile} from '../fs/record-file.js';
import {wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {overwriteUserFile} from '../fs/write-user-file.js';
import type {Ladder, StepEntry} from '../ladder/open-ladder.js';
import {strayTexts, writeBlock} from './block-in-file.js';
import {checkClaims} from './check-claims.js';
import {hasRecord, recordVersion} from './file.js';
import {exportMarks, withExports} from './kept-exports.js';
import {LadderRecords} from './ladder-records.js';
import {ladderMarks, withLadder} from './ladder-table.js';
import {stepText, textBlock} from './text-block.js';

/**
 * Writes the text blocks of all recorded steps, since any step may refer to a new record, and the table of the page. A
 * block with a false claim is not written. Records that another process writes meanwhile are included.
 *
 * @returns a sentence for each text that was not rewritten, with the reason
 * @throws {WriteError}
 */
export const writeTexts = (ladder: Ladder): string[] => {
	for (;;) {
		const before = versions(ladder);
		const unwritten = writeAll(new LadderRecords(ladder));
		if (versions(ladder) === before) {
			return unwritten;
		}
	}
};

/** Returns a text that changes with any of the records. */
const versions = ({entries}: Ladder): string => entries.map(({record}) => recordVersion(record)).join();

const writeAll = (records: LadderRecords): string[] => {
	const {entries, page} = records.ladder;
	const unwritten = entries
		.filter(entry => records.has(entry))
		.flatMap(entry =>
			unlessDamaged(`${displayPath(entry.file)} keeps its text block`, () => writeText(entry, records)),
		);
	return existsSync(page)
		? [...unwritten, ...unlessDamaged(`${displayPath(page)} keeps its table`, () => writeTable(records))]
		: unwritten;
};

const writeText = (entry: StepEntry, records: LadderRecords): string[] => {
	const problems = checkClaims(entry, records);
	if (problems.length > 0) {
		return problems.map(sentence => `${sentence}; the text block stays as it was`);
	}

	writeBlock(entry.file, textBlock(stepText(entry, records)));
	return strayTexts(entry.file);
};

const writeTable = (records: LadderRecords): string[] => {
	const {page, refused} = records.ladder;
	const missing = refused.find(({record}) => hasRecord(record));
	if (missing) {
		throw missing.error; // the table would lose the row of its record
	}

	checkFile(page);
	const before = readFileSync(page, 'utf8');
	for (const marks of [ladderMarks, exportMarks]) {
		if (marks.isBroken(before)) {
			return [`${displayPath(page)} has no table: ${marks.wanted}`];
		}
	}

	const text = withExports(withLadder(before, records), records);
	wrapWriteErrors(displayPath(page), page, () => overwriteUserFile(page, text));
	return [];
};

/** Calls `write`; returns its error as a sentence if a record or step is damaged, so that other texts are still written. */
const unlessDamaged = (lead: string, write: () => string[]): string[] => {
	try {
		return write();
	} catch (error) {
		if (error instanceof RecordError || error instanceof LadderError) {
			return [`${lead}: ${error.message}`];
		}

		throw error;
	}
};
