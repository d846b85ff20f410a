import process from 'node:process';
import {Command} from 'commander';
import {report} from '../../index.js';
import {typed} from '../../text/typed.js';
import {
	chosenLadder,
	type DataFlags,
	type LadderFlags,
	openOptions,
	tellRefused,
	withDataOption,
	withLadderOption,
} from '../ladder-options.js';

export const reportCommand = (): Command =>
	withDataOption(withLadderOption(new Command('report')))
		.description('Write the whole ladder as report.md and as one self-contained report.html.')
		.option('--out <dir>', 'where the two pages go', 'report')
		.addHelpText('after', `\nExample:\n  ${typed('report', '--out /tmp/ladder')}`)
		.action(async ({out, ...flags}: LadderFlags & DataFlags & {out: string}) => {
			const ladder = await chosenLadder(flags);
			const {markdown, html} = await report(ladder, {out, ...openOptions(flags)});
			tellRefused(ladder, 'in the report');
			process.stdout.write(`Written: ${markdown}\nWritten: ${html}\n`);
		});
