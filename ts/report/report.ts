import {realpathSync} from 'node:fs';
import path from 'node:path';
import type {OpenOptions} from '../data/data.js';
import {openData} from '../data/open-data.js';
import {checkOpenOptions, openOptionNames} from '../data/open-options.js';
import {ConfigError, type RecordError} from '../errors/index.js';
import {displayPath} from '../format/command-line.js';
import {escapeControls} from '../format/controls.js';
import {formatValue} from '../format/value.js';
import {acquireLock} from '../fs/lock.js';
import {makeFolders} from '../fs/make-folders.js';
import {suggestOut, wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {writeUserFile} from '../fs/write-user-file.js';
import {checkLadder} from '../ladder/check-ladder.js';
import {runsFolder} from '../ladder/find-ladder.js';
import type {Ladder} from '../ladder/open-ladder.js';
import {commandHint} from '../platform/command-hint.js';
import {LadderRecords} from '../record/ladder-records.js';
import {listRuns} from '../runs/list-runs.js';
import {checkNames} from '../validation/check-names.js';
import {checkPath} from '../validation/check-path.js';
import {type ExportedRun, exportFolders, exportsTable} from './exports-table.js';
import {frontierData} from './frontier.js';
import {laddersMarkdown} from './ladders-markdown.js';
import {reportData} from './report-data.js';
import {reportMarkdown} from './report-markdown.js';
import {findGroups, type RunsOptions, runsOptionNames} from './run-groups.js';
import {runsData} from './runs-data.js';
import {runsMarkdown} from './runs-markdown.js';

/** Paths of a written report, and the recorded steps without a chapter, each with the reason. */
export type Report = {
	readonly markdown: string;
	readonly html: string;
	readonly leftOut: ReadonlyMap<string, RecordError>;
	/** Recorded steps whose images are not the ladder's any more, each with the reason. */
	readonly stale: ReadonlyMap<string, RecordError>;
};

/** Where a report is written. */
export type ReportOut = {
	/** The folder for both files. */
	readonly out: string;
};

/** Where a report is written, and which exports it lists. */
export type ReportFolder = ReportOut & {
	/**
	 * A folder of exports, whose table the report has: each with its format, bytes and answers that differ.
	 *
	 * @default `exports` in the working folder, in the ladder’s, and beside its runs
	 */
	readonly exports?: string;
};

/**
 * Writes a report of a ladder with its records as `report.md` and as one self-contained `report.html`. A step whose record is
 * damaged is left out; one whose images are not the ladder's any more is marked as stale.
 *
 * @throws {ConfigError} without `out`, and for an unknown option
 * @throws {RecordError} if there are records, but none is readable
 * @throws {WriteError} if a file can't be written
 */
export const report = async (ladder: Ladder, given: ReportFolder & OpenOptions): Promise<Report> => {
	const {out, exports: from, ...options} = given ?? {};
	checkNames(options, ['out', 'exports', ...openOptionNames]);
	checkLadder(ladder);
	checkPath('out', out);
	checkOpenOptions(options);
	// Vega takes longer to load than everything else, so checks don't wait for it
	const {reportPage} = await import('./page/page.js');
	const runs = runsFolder(ladder.folder);
	const exports = exportsTable(exportFolders(from, [ladder.folder, path.dirname(runs)]), () => runsOf(ladder, runs));
	const data = reportData(new LadderRecords(ladder), await openData(ladder.data, ladder.folder, options), exports);
	const {leftOut, stale, steps} = data;
	const [damage] = leftOut.values();
	if (damage && steps.length === 0) {
		throw damage;
	}

	const html = await reportPage(data);
	const [markdown = '', page = ''] = await write(out, [
		['report.md', reportMarkdown(data)],
		['report.html', html],
	]);
	return {markdown, html: page, leftOut, stale};
};

/**
 * Writes a report of runs and recorded steps as `runs.md` and as one self-contained `runs.html`: a table, curves,
 * differing settings, and paired comparisons with the first of them.
 *
 * @param names run folders, folders of run folders, or recorded steps of the ladder
 * @param given.ladder ladder to find steps in
 * @returns the paths of both files
 * @throws {ConfigError} without `out`, for an unknown option, and for a name that is neither a folder of runs nor a step
 * @throws {RecordError} for a damaged run or record
 * @throws {WriteError} if a file can't be written
 */
export const reportRuns = async (
	names: readonly string[],
	given: ReportFolder & RunsOptions,
): Promise<{readonly markdown: string; readonly html: string}> => {
	const {out, exports: from, ...options} = given ?? {};
	checkNames(options, ['out', 'exports', ...runsOptionNames]);
	checkPath('out', out);
	const found = await findGroups(names, options);
	const runs = found.groups
		.filter(({isRecord}) => !isRecord)
		.flatMap(({step, runs}) => runs.map(({seed, folder}) => ({step, seed, folder})));
	const data = runsData(
		found,
		exportsTable(exportFolders(from), () => runs),
	);
	const {runsPage} = await import('./page/runs-page.js');
	const html = await runsPage(data);
	const [markdown = '', page = ''] = await write(out, [
		['runs.md', runsMarkdown(data)],
		['runs.html', html],
	]);
	return {markdown, html: page};
};

/** Paths of a written report of ladders, and their steps whose records are damaged, each with the reason. */
export type LaddersReport = {
	readonly markdown: string;
	readonly html: string;
	readonly damaged: ReadonlyMap<Ladder, ReadonlyMap<string, RecordError>>;
};

/**
 * Writes a report of several ladders as `ladders.md` and as one self-contained `ladders.html`: the accuracy of all recorded steps against
 * their parameters, a picture and a table for each data set, with the front, goals, and results of others. It needs the records, not the images.
 *
 * @example
 * ```ts
 * await reportLadders([await openLadder('ladders/large'), await openLadder('ladders/small')], {out: 'report'});
 * ```
 * @throws {ConfigError} without `out`, for an unknown option, for a ladder that is listed twice, and if no step of any has been recorded
 * @throws {RecordError} if there are records, but none is readable
 * @throws {WriteError} if a file can't be written
 */
export const reportLadders = async (ladders: readonly Ladder[], given: ReportOut): Promise<LaddersReport> => {
	const {out, ...unknown} = given ?? {};
	checkNames(unknown, ['out']);
	checkLadders(ladders);
	checkPath('out', out);
	const all = ladders.map(ladder => new LadderRecords(ladder));
	const data = frontierData(all);
	if (data.frontiers.length === 0) {
		const [damage] = all.flatMap(records => [...records.damaged().values()]);
		throw damage ?? noRecords(ladders);
	}

	const {laddersPage} = await import('./page/ladders-page.js');
	const html = await laddersPage(data);
	const [markdown = '', page = ''] = await write(out, [
		['ladders.md', laddersMarkdown(data)],
		['ladders.html', html],
	]);
	return {markdown, html: page, damaged: data.damaged};
};

/** @throws {ConfigError} unless each is an opened ladder, and none is there twice */
const checkLadders = (ladders: readonly Ladder[]): void => {
	if (!Array.isArray(ladders) || ladders.length === 0) {
		throw new ConfigError(
			'ladders',
			'a list of ladders, as `await openLadder(FOLDER)` gives them',
			formatValue(ladders),
		);
	}

	const known = new Set<string>();
	for (const ladder of ladders) {
		checkLadder(ladder);
		const folder = realpathSync(ladder.folder);
		if (known.has(folder)) {
			const shown = displayPath(ladder.folder);
			throw new ConfigError(
				'ladders',
				'different ladders',
				shown,
				`the ladder in ${shown} is named twice: name it once`,
			);
		}

		known.add(folder);
	}
};

const noRecords = (ladders: readonly Ladder[]): ConfigError => {
	const folders = ladders.map(({folder}) => displayPath(folder)).join(', ');
	const problem = `no step of the ladders in ${folders} has been recorded; try: ${commandHint('record', '--step STEP')}`;
	return new ConfigError('ladders', 'ladders with recorded steps', folders, problem);
};

/** Returns the finished runs of a ladder's steps. */
const runsOf = ({steps}: Ladder, runs: string): ExportedRun[] =>
	listRuns(runs).filter(({step, state}) => state === 'finished' && steps.some(({name}) => name === step));

/** Writes pages into a folder under a lock and returns their paths. */
const write = async (out: string, pages: ReadonlyArray<readonly [string, string]>): Promise<string[]> => {
	const folder = path.resolve(out);
	wrapWriteErrors(`in ${folder}`, folder, () => makeFolders(folder), suggestOut);
	const lock = await acquireLock(
		`the report in ${displayPath(folder)}`,
		path.join(folder, '.stepladder-report.lock'),
		undefined,
		suggestOut,
	);
	try {
		return pages.map(([name, text]) => {
			const file = path.join(folder, name);
			wrapWriteErrors(file, file, () => writeUserFile(file, escapeControls(text)), suggestOut);
			return file;
		});
	} finally {
		lock.release();
	}
};
