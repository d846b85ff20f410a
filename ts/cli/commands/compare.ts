import type {Command} from 'commander';
import {compareRuns} from '../../index.js';
import {commandHint} from '../../platform/command-hint.js';
import {comparisonsText} from '../../report/comparison.js';
import {chosenLadder, type LadderFlags, withLadderOption} from '../ladder-options.js';
import {print} from '../print.js';
import {screen} from '../screen.js';

export const compareCommand = (command: Command): Command =>
	withLadderOption(command)
		.argument('<runs...>', 'run folders, folders of runs, or recorded steps')
		.option('--json', 'print the figures as JSON', false)
		.addHelpText(
			'after',
			`
Runs of one step with the same settings are taken together, and paired with others by their seeds. A folder with runs
in it is taken before a step of that name.

Examples:
  ${commandHint('compare', 'wider baseline')}
  ${commandHint('compare', 'runs/latest runs/baseline')}
  ${commandHint('compare', 'runs/wider baseline')}`,
		)
		.action(async (names: string[], {json, ...flags}: LadderFlags & {json: boolean}) => {
			const compared = await compareRuns(names, {ladder: async () => chosenLadder(flags)});
			const {comparisons, notes} = compared;
			const text = [comparisonsText(comparisons, screen()), ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
			print(`${json ? JSON.stringify(compared, undefined, '\t') : text}\n`);
		});
