import {existsSync, readFileSync} from 'node:fs';
import type {Data} from '../data/data.js';
import {RecordError, StepladderError} from '../errors/index.js';
import type {Place} from '../ladder/open-ladder.js';
import {shown} from '../text/shown.js';
import {typed} from '../text/typed.js';
import {checkAnswers} from './check-answers.js';
import {checkClaims} from './check-claims.js';
import type {LadderRecords} from './ladder-records.js';
import {hasMarks, hasTable, marksWanted, withLadder} from './ladder-table.js';
import {checkPromise} from './make-promise.js';
import {promiseFile} from './promise-file.js';
import {checkFile} from './read.js';
import {readBlock, stepText, textBlock} from './text-block.js';

/**
 * Holds steps against their records, and the page's table against all of them.
 *
 * @param places of the steps to look at
 * @returns a sentence for each thing that is not true, naming its place
 */
export const checkLadder = (records: LadderRecords, data: Data, places: readonly Place[]): string[] => {
	const problems = [...places.flatMap(place => checkStep(place, records, data)), ...checkPage(records)];
	return [...new Set(problems)]; // a damaged record is in the way of every step that speaks of it
};

/** Holds a step against its record, and its text block against both. */
const checkStep = (place: Place, records: LadderRecords, data: Data): string[] =>
	telling(() => {
		const {record} = records.of(place);
		const folder = shown(place.record);
		return [
			...checkPromise(place, record.promise, records.evidence(place), data).map(
				sentence => `${shown(promiseFile(place.record))}: ${sentence}`,
			),
			...checkAnswers(record, data).map(sentence => `${folder}: ${sentence}`),
			...telling(() => checkClaims(place, records)),
			...telling(() => checkBlock(place, records), `${shown(place.file)}: the text block can’t be made: `),
		];
	});

const checkBlock = (place: Place, records: LadderRecords): string[] => {
	const {file} = place;
	const found = (readBlock(file) ?? '').split('\n');
	const wanted = textBlock(stepText(place, records.evidence(place))).split('\n');
	const line = wanted.findIndex((text, index) => text !== found[index]);
	return line === -1
		? []
		: [
				`${shown(file)}, line ${line + 1}: the text block says ${quoted(found[line])}, the records say ` +
					`${quoted(wanted[line])}; try: ${typed('record', '--text')}`,
			];
};

/** Holds the table of the ladder's page against the records. Before the first of them there is none to be written. */
const checkPage = (records: LadderRecords): string[] =>
	telling(() => {
		const {page: file, places} = records.ladder;
		if (!existsSync(file)) {
			return [];
		}

		checkFile(file);
		const page = readFileSync(file, 'utf8');
		if (!hasMarks(page)) {
			return [`${shown(file)}: ${marksWanted}`];
		}

		if (!hasTable(page) && !places.some(place => records.has(place))) {
			return [];
		}

		const lines = withLadder(page, records).split('\n');
		const line = page.split('\n').findIndex((text, index) => text !== lines[index]);
		return line === -1
			? []
			: [`${shown(file)}, line ${line + 1}: the records say ${quoted(lines[line])}; try: ${typed('record', '--text')}`];
	});

const quoted = (line: string | undefined): string => (line === undefined ? 'nothing' : JSON.stringify(line));

/** What can't even be looked at is a problem too. */
const telling = (work: () => string[], lead = ''): string[] => {
	try {
		return work();
	} catch (error) {
		if (error instanceof RecordError) {
			return [`${shown(error.path)}: ${error.problem}`];
		}

		if (error instanceof StepladderError) {
			return [lead + error.message];
		}

		throw error;
	}
};
