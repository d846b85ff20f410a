import {existsSync} from 'node:fs';
import process from 'node:process';
import type {Command} from 'commander';
import {displayPath} from '../../format/command-line.js';
import {ConfigError, openLadder, type RecordError, report, reportLadders, reportRuns} from '../../index.js';
import {ladderFiles} from '../../ladder/files.js';
import {commandHint} from '../../platform/command-hint.js';
import {exitCodes} from '../exit-codes.js';
import {
	chosenLadder,
	type DataFlags,
	type LadderFlags,
	openOptions,
	printDamaged,
	printRefused,
	withDataOption,
	withLadderOption,
} from '../ladder-options.js';
import {openPage} from '../open-page.js';
import {print, printError} from '../print.js';
import {whileWaiting} from '../while-waiting.js';

type Flags = LadderFlags & DataFlags & {out: string; exports?: string; open: boolean};

export const reportCommand = (command: Command): Command =>
	withDataOption(withLadderOption(command))
		.argument(
			'[names...]',
			'folders of ladders; or run folders, folders of runs, or recorded steps, in place of the ladder',
		)
		.option('--out <dir>', 'where the two files go', 'report')
		.option(
			'--exports <dir>',
			'a folder of exports to list (default: exports in the working folder, in the ladder’s, and beside its runs)',
		)
		.option('--open', 'open the page in the browser', false)
		.addHelpText(
			'after',
			`
The ladder is written as report.md and report.html, runs as runs.md and runs.html, several ladders as ladders.md and
ladders.html: the accuracy of all their recorded steps against parameters, for each data set, with intervals, goals,
published results, and the front. Images are not needed for that.

Examples:
  ${commandHint('report', '--open')}
  ${commandHint('report', '--out /tmp/ladder')}
  ${commandHint('report', 'runs/latest --open')}
  ${commandHint('report', 'runs/wider runs/baseline')}
  ${commandHint('report', 'ladders/large ladders/small --open')}`,
		)
		.action(async (names: string[], flags: Flags) => {
			const {markdown, html} = await writeReport(names, flags);
			print(`Written: ${markdown}\nWritten: ${html}\n`);
			if (flags.open) {
				const problem = await openPage(html);
				printError(problem === undefined ? '' : `The page was not opened: ${problem}. Open it by hand: ${html}\n`);
			}
		});

/** Names of ladders are folders with a `ladder.ts`; one of them alone is the ladder of the report. */
const writeReport = async (names: readonly string[], flags: Flags): Promise<Written> => {
	if (!names.some(name => isLadder(name))) {
		return names.length > 0 ? writeRuns(names, flags) : writeLadder(flags);
	}

	const other = names.find(name => !isLadder(name));
	if (other !== undefined) {
		const found = existsSync(other) ? `there is no ladder.ts in ${other}` : `there is no folder ${other}`;
		const wanted = 'name folders of ladders alone, or runs and steps alone';
		throw new ConfigError(
			'ladders',
			'folders of ladders',
			other,
			`${found}, and others that you named are ladders: ${wanted}`,
		);
	}

	if (flags.ladder !== undefined) {
		const problem = 'name the ladders alone: `--ladder` is for a single one, or the steps of one';
		throw new ConfigError('ladder', 'left out beside folders of ladders', flags.ladder, problem);
	}

	const [single = '', ...more] = names;
	return more.length === 0 ? writeLadder({...flags, ladder: single}) : writeLadders(names, flags);
};

type Written = {readonly markdown: string; readonly html: string};

const isLadder = (name: string): boolean => name !== '' && ladderFiles(name).length > 0;

const writeLadders = async (folders: readonly string[], {out, exports, skipDamaged}: Flags): Promise<Written> => {
	const [unused] = [...(exports === undefined ? [] : ['--exports']), ...(skipDamaged ? ['--skip-damaged'] : [])];
	if (unused !== undefined) {
		const problem = `\`${unused}\` is for one ladder: a report of several has neither exports nor images`;
		throw new ConfigError(unused.slice(2), 'left out beside several ladders', unused, problem);
	}

	const ladders = await Promise.all(folders.map(async folder => openLadder(folder)));
	const written = await whileWaiting('Writing the report', async () => reportLadders(ladders, {out}));
	for (const ladder of ladders) {
		printRefused(ladder, 'in the report');
		printDamaged(written.damaged.get(ladder) ?? new Map(), `of ${ladder.name} has no point in the report`);
	}

	return written;
};

const writeLadder = async ({out, exports, ...flags}: Flags): ReturnType<typeof report> => {
	const ladder = await chosenLadder(flags);
	const options = {out, ...openOptions(flags), ...(exports !== undefined && {exports})};
	const written = await whileWaiting('Writing the report', async tell => report(ladder, {...options, tell}));
	printRefused(ladder, 'in the report');
	printDamaged(written.leftOut, 'has no chapter in the report');
	printStale(written.stale);
	return written;
};

/** One line for all steps: a changed photo makes all of them stale. */
const printStale = (stale: ReadonlyMap<string, RecordError>): void => {
	const [first] = stale.values();
	if (first !== undefined) {
		const steps = [...stale.keys()].map(name => `\`${name}\``).join(', ');
		const are = stale.size === 1 ? `Step ${steps} is` : `Steps ${steps} are`;
		printError(`${are} marked as stale: ${displayPath(first.path)}: ${first.problem}\n`);
		process.exitCode = exitCodes.data;
	}
};

const writeRuns = async (names: readonly string[], {out, exports, ...flags}: Flags): ReturnType<typeof reportRuns> =>
	whileWaiting('Writing the report', async () => {
		const ladder = async () => chosenLadder(flags);
		return reportRuns(names, {out, ladder, ...(exports !== undefined && {exports})});
	});
