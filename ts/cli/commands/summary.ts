import type {Command} from 'commander';
import {summarize} from '../../index.js';
import {commandHint} from '../../platform/command-hint.js';
import {summaryTable} from '../../report/summary-table.js';
import {chosenLadder, chosenStep, type LadderFlags, withLadderOption} from '../ladder-options.js';
import {print} from '../print.js';
import {screen} from '../screen.js';

export const summaryCommand = (command: Command): Command =>
	withLadderOption(command)
		.option('--step <name>', 'the step of the ladder to show')
		.addHelpText(
			'after',
			`
Columns: n is the size in pixels, j the distance between neighbours in pixels of the image, r the receptive field
on a side; each before (in) and after (out) the layer.

Example:
  ${commandHint('summary', '--step baseline')}`,
		)
		.action(async ({step, ...flags}: LadderFlags & {step?: string}) => {
			const ladder = await chosenLadder(flags);
			const {net} = chosenStep(ladder, step).step.experiment;
			print(`${summaryTable(summarize(net), screen())}\n`);
		});
