import process from 'node:process';
import {Command} from 'commander';
import {compare} from '../../index.js';
import {comparisonText} from '../../report/comparison.js';
import {typed} from '../../text/typed.js';
import {chosenLadder, type LadderFlags, withLadderOption} from '../ladder-options.js';

export const compareCommand = (): Command =>
	withLadderOption(new Command('compare'))
		.description('Compare the records of two steps, seed by seed and image by image.')
		.argument('<a>', 'a recorded step')
		.argument('<b>', 'the step that it is compared with')
		.option('--json', 'print the figures as JSON', false)
		.addHelpText('after', `\nExample:\n  ${typed('compare', 'wider baseline')}`)
		.action(async (a: string, b: string, {json, ...flags}: LadderFlags & {json: boolean}) => {
			const compared = compare(await chosenLadder(flags), a, b);
			process.stdout.write(`${json ? JSON.stringify(compared, undefined, '\t') : comparisonText(compared)}\n`);
		});
