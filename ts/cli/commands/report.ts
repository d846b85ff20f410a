import process from 'node:process';
import type {Command} from 'commander';
import {displayPath} from '../../format/command-line.js';
import {type RecordError, report, reportRuns} from '../../index.js';
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
		.argument('[runs...]', 'run folders, folders of runs, or recorded steps, in place of the ladder')
		.option('--out <dir>', 'where the two files go', 'report')
		.option(
			'--exports <dir>',
			'a folder of exports to list (default: exports in the working folder, in the ladder’s, and beside its runs)',
		)
		.option('--open', 'open the page in the browser', false)
		.addHelpText(
			'after',
			`
The ladder is written as report.md and report.html, runs as runs.md and runs.html.

Examples:
  ${commandHint('report', '--open')}
  ${commandHint('report', '--out /tmp/ladder')}
  ${commandHint('report', 'runs/latest --open')}
  ${commandHint('report', 'runs/wider runs/baseline')}`,
		)
		.action(async (names: string[], flags: Flags) => {
			const {markdown, html} = await (names.length > 0 ? writeRuns(names, flags) : writeLadder(flags));
			print(`Written: ${markdown}\nWritten: ${html}\n`);
			if (flags.open) {
				const problem = await openPage(html);
				printError(problem === undefined ? '' : `The page was not opened: ${problem}. Open it by hand: ${html}\n`);
			}
		});

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
