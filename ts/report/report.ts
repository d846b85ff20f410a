import path from 'node:path';
import type {OpenOptions} from '../data/data.js';
import type {RecordError} from '../errors/index.js';
import {makeFolders} from '../errors/make-folders.js';
import {elsewhere, writing} from '../errors/writing.js';
import {checkLadder} from '../ladder/check-ladder.js';
import type {Ladder} from '../ladder/open-ladder.js';
import {holdPlace} from '../machine/hold-place.js';
import {writeAmong} from '../machine/write-over.js';
import {LadderRecords} from '../record/ladder-records.js';
import {checkPath} from '../terms/check-path.js';
import {checkOpenOptions, openData} from '../terms/open-data.js';
import {shown} from '../text/shown.js';
import {reportData} from './report-data.js';
import {reportMarkdown} from './report-markdown.js';
import {findGroups, type RunsOptions} from './run-groups.js';
import {runsData} from './runs-data.js';
import {runsMarkdown} from './runs-markdown.js';

/** Where a report was written, and the recorded steps that it has no chapter on, each with the reason. */
export type Report = {
	readonly markdown: string;
	readonly html: string;
	readonly leftOut: ReadonlyMap<string, RecordError>;
};

/**
 * Writes a whole ladder with its records as `report.md` and as one self-contained `report.html`. A step whose record is
 * damaged is left out.
 *
 * @param out the folder for both
 * @throws {ConfigError} without `out`
 * @throws {RecordError} where there are records, and none can be read
 * @throws {WriteError}
 */
export const report = async (ladder: Ladder, given: {readonly out: string} & OpenOptions): Promise<Report> => {
	const {out, ...options} = given ?? {};
	checkLadder(ladder);
	checkPath('out', out);
	checkOpenOptions(options);
	// Vega takes longer to load than all the rest: nothing else should wait for it
	const {reportPage} = await import('./page/page.js');
	const data = reportData(new LadderRecords(ladder), await openData(ladder.data, ladder.folder, options));
	const {leftOut, steps} = data;
	const [damage] = leftOut.values();
	if (damage && steps.length === 0) {
		throw damage;
	}

	const html = await reportPage(data);
	const [markdown = '', page = ''] = await write(out, [
		['report.md', reportMarkdown(data)],
		['report.html', html],
	]);
	return {markdown, html: page, leftOut};
};

/**
 * Writes runs, and recorded steps, as `runs.md` and as one self-contained `runs.html`: a table of them, their curves, what
 * they differ in, and their paired comparison with the first of them.
 *
 * @param names run folders, folders of such, or recorded steps of the ladder
 * @param out the folder for both
 * @param ladder that names of steps belong to
 * @returns their paths
 * @throws {ConfigError} without `out`, and where nothing of a name is there
 * @throws {RecordError} for a damaged run or record
 * @throws {WriteError}
 */
export const reportRuns = async (
	names: readonly string[],
	given: {readonly out: string} & RunsOptions,
): Promise<{readonly markdown: string; readonly html: string}> => {
	const {out, ...options} = given ?? {};
	checkPath('out', out);
	const data = runsData(await findGroups(names, options));
	const {runsPage} = await import('./page/runs-page.js');
	const html = await runsPage(data);
	const [markdown = '', page = ''] = await write(out, [
		['runs.md', runsMarkdown(data)],
		['runs.html', html],
	]);
	return {markdown, html: page};
};

/** Writes pages into a folder. */
const write = async (out: string, pages: ReadonlyArray<readonly [string, string]>): Promise<string[]> => {
	const folder = path.resolve(out);
	writing(`in ${folder}`, folder, () => makeFolders(folder), elsewhere);
	const hold = await holdPlace(
		`the report in ${shown(folder)}`,
		path.join(folder, '.stepladder-report.lock'),
		undefined,
		elsewhere,
	);
	try {
		return pages.map(([name, text]) => {
			const file = path.join(folder, name);
			writing(file, file, () => writeAmong(file, text), elsewhere);
			return file;
		});
	} finally {
		hold.release();
	}
};
