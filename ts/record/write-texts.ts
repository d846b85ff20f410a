import {existsSync, readFileSync} from 'node:fs';
import {sync as writeFileAtomicSync} from 'write-file-atomic';
import {RecordError} from '../errors/index.js';
import {writing} from '../errors/writing.js';
import {shown} from '../text/shown.js';
import type {LadderRecords} from './ladder-records.js';
import {withLadder} from './ladder-table.js';
import {stepText, textBlock, writeBlock} from './text-block.js';

/**
 * Writes the text blocks of all recorded steps, since other steps may speak of a record, and the table of the page.
 *
 * @returns a sentence for each step whose text could not be made
 * @throws {WriteError}
 */
export const writeTexts = (records: LadderRecords): string[] => {
	const {places, page} = records.ladder;
	const kept = places.filter(place => records.has(place)).flatMap(place => writeText(place, records));
	if (existsSync(page)) {
		const text = readFileSync(page, 'utf8');
		writing(shown(page), page, () => writeFileAtomicSync(page, withLadder(text, records)));
	}

	return kept;
};

const writeText = (place: LadderRecords['ladder']['places'][number], records: LadderRecords): string[] => {
	try {
		writeBlock(place.file, textBlock(stepText(place.step, records.evidence(place))));
		return [];
	} catch (error) {
		if (error instanceof RecordError) {
			return [`${shown(place.file)} keeps its text block: ${error.message}`];
		}

		throw error;
	}
};
