import path from 'node:path';
import type {OpenOptions} from '../data/data.js';
import {openData} from '../data/open-data.js';
import {checkOpenOptions, openOptionNames} from '../data/open-options.js';
import type {RecordError} from '../errors/index.js';
import {displayPath} from '../format/command-line.js';
import {escapeControls} from '../format/controls.js';
import {acquireLock} from '../fs/lock.js';
import {makeFolders} from '../fs/make-folders.js';
import {suggestOut, wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {writeUserFile} from '../fs/write-user-file.js';
import {checkLadder} from '../ladder/check-ladder.js';
import {runsFolder} from '../ladder/find-ladder.js';
import type {Ladder} from '../ladder/open-ladder.js';
import {LadderRecords} from '../record/ladder-records.js';
import {listRuns} from '../runs/list-runs.js';
import {checkNames} from '../validation/check-names.js';
import {checkPath} from '../validation/check-path.js';
import {type ExportedRun, exportFolders, exportsTable} from './exports-table.js';
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
export type ReportFolder = {
	/** The folder for both files. */
	readonly out: string;
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
