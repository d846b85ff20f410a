import {existsSync, readFileSync} from 'node:fs';
import {LadderError, RecordError} from '../errors/index.js';
import {writing} from '../errors/writing.js';
import type {Ladder, Place} from '../ladder/open-ladder.js';
import {writeOver} from '../machine/write-over.js';
import {shown} from '../text/shown.js';
import {checkClaims} from './check-claims.js';
import {hasRecord, recordVersion} from './files.js';
import {LadderRecords} from './ladder-records.js';
import {hasBrokenMarks, marksWanted, withLadder} from './ladder-table.js';
import {checkFile} from './read.js';
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
const versions = ({places}: Ladder): string => places.map(({record}) => recordVersion(record)).join();

const writeAll = (records: LadderRecords): string[] => {
	const {places, page} = records.ladder;
	const kept = places
		.filter(place => records.has(place))
		.flatMap(place => unlessDamaged(`${shown(place.file)} keeps its text block`, () => writeText(place, records)));
	return existsSync(page)
		? [...kept, ...unlessDamaged(`${shown(page)} keeps its table`, () => writeTable(records))]
		: kept;
};

const writeText = (place: Place, records: LadderRecords): string[] => {
	const falsehoods = checkClaims(place, records);
	if (falsehoods.length > 0) {
		return falsehoods.map(sentence => `${sentence}; the text block stays as it was`);
	}

	writeBlock(place.file, textBlock(stepText(place, records.evidence(place))));
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
		return [`${shown(page)} has no table: ${marksWanted}`];
	}

	const text = withLadder(before, records);
	writing(shown(page), page, () => writeOver(page, text));
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
