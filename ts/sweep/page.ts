import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import type {DataDescription} from '../data/data.js';
import {RecordError} from '../errors/index.js';
import {displayPath} from '../format/command-line.js';
import {wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {writeFileAtomic} from '../fs/write-file-atomic.js';
import {withLineEnds} from '../fs/write-user-file.js';
import {ladderHint} from '../ladder/ladder-hint.js';
import type {Ladder} from '../ladder/open-ladder.js';
import type {LedgerLine} from '../ledger/events.js';
import {readLedger} from '../ledger/ledger.js';
import {readSweep, sweepNames, sweepsFolder} from './file.js';
import type {SweepResult} from './result.js';
import {summarizeSweep} from './result.js';
import {checkSweepLedger} from './sweep-ledger.js';
import {sweepMarkdown} from './table.js';

/** The files that are derived from a sweep's record. */
export const [pageFile, chartFile, searchChartFile] = ['README.md', 'sweep.svg', 'search.svg'] as const;

/** Returns whether a sweep's folder has page and chart, which are written after the record. */
export const hasSweepPage = (folder: string): boolean =>
	[pageFile, chartFile].every(name => existsSync(path.join(folder, name)));

/** Returns the texts of page and chart, by file name. Loads Vega, which is slow, only here. */
const texts = async (found: SweepResult): Promise<ReadonlyArray<readonly [string, string]>> => {
	const [{sweepChart}, {hasSearchChart, searchChart}] = await Promise.all([
		import('./chart.js'),
		import('./search-chart.js'),
	]);
	return [
		[pageFile, sweepMarkdown(found)],
		[chartFile, `${await sweepChart(found)}\n`],
		...(hasSearchChart(found) ? [[searchChartFile, `${await searchChart(found)}\n`] as const] : []),
	];
};

/**
 * Writes the page and the chart of a sweep into its folder.
 *
 * @throws {WriteError}
 */
export const writeSweepPage = async (folder: string, found: SweepResult): Promise<void> => {
	const written = await texts(found);
	wrapWriteErrors(`the page of ${folder}`, folder, () => {
		for (const [name, text] of written) {
			const file = path.join(folder, name);
			writeFileAtomic(file, withLineEnds(text, existsSync(file) ? readFileSync(file, 'utf8') : ''));
		}
	});
};

/**
 * Rewrites the pages of all sweeps of a ladder from their records.
 *
 * @returns a sentence for each sweep that keeps its old page because its record is damaged
 * @throws {WriteError}
 */
export const writeSweepPages = async (ladder: Ladder): Promise<string[]> => {
	const skipped: string[] = [];
	for (const name of sweepNames(ladder.folder)) {
		const folder = path.join(sweepsFolder(ladder.folder), name);
		try {
			await writeSweepPage(folder, summarizeSweep(name, readSweep(folder)));
		} catch (error) {
			if (!(error instanceof RecordError)) {
				throw error;
			}

			skipped.push(`${displayPath(folder)} keeps its page: ${displayPath(error.path)}: ${error.problem}`);
		}
	}

	return skipped;
};

/**
 * Returns the data of each sweep of a ladder; those of a damaged one are left out, which {@link checkSweeps} finds.
 */
export const dataOfSweeps = (ladder: Ladder): ReadonlyArray<{name: string; file: string; data: DataDescription}> =>
	sweepNames(ladder.folder).flatMap(name => {
		const file = path.join(sweepsFolder(ladder.folder), name);
		try {
			return [{name: `sweep \`${name}\``, file, data: readSweep(file).plan.data}];
		} catch (error) {
			if (error instanceof RecordError) {
				return [];
			}

			throw error;
		}
	});

/**
 * Checks all sweeps of a ladder: their records, that they are of its steps, and their pages.
 *
 * @returns a sentence for each problem
 */
export const checkSweeps = async (ladder: Ladder): Promise<string[]> => {
	const problems: string[] = [];
	const ledger = readUnlessDamaged(ladder.folder);
	for (const name of sweepNames(ladder.folder)) {
		problems.push(...(await checkSweep(ladder, name, ledger)));
	}

	return problems;
};

/** Reads the ledger; a damaged one, which is a problem of the whole ladder, as if there was none. */
const readUnlessDamaged = (ladder: string): readonly LedgerLine[] => {
	try {
		return readLedger(ladder);
	} catch (error) {
		if (error instanceof RecordError) {
			return [];
		}

		throw error;
	}
};

const checkSweep = async (ladder: Ladder, name: string, ledger: readonly LedgerLine[]): Promise<string[]> => {
	const folder = path.join(sweepsFolder(ladder.folder), name);
	try {
		const record = readSweep(folder);
		const found = summarizeSweep(name, record);
		const isKnown = ladder.steps.some(step => step.name === found.step);
		return [
			...(isKnown ? [] : [`${displayPath(folder)} varies \`${found.step}\`, which is not a step of the ladder`]),
			...checkSweepLedger(ledger, ladder.folder, name, folder, record),
			...(await texts(found)).flatMap(([file, text]) => checkText(path.join(folder, file), text)),
		];
	} catch (error) {
		if (error instanceof RecordError) {
			return [`${displayPath(error.path)}: ${error.problem}`];
		}

		throw error;
	}
};

const checkText = (file: string, wanted: string): string[] =>
	existsSync(file) && readFileSync(file, 'utf8').replaceAll('\r\n', '\n') === wanted
		? []
		: [`${displayPath(file)} does not match the sweep; try: ${ladderHint(file, 'record', '--text')}`];
