import process from 'node:process';
import {Command, Option} from 'commander';
import {ladderFormats, ladderRows} from '../../report/ladder.js';
import {steps} from '../../steps/index.js';

export const ladderCommand = (): Command =>
	new Command('ladder')
		.description('Show all steps side by side.')
		.addOption(
			new Option('--format <name>', 'how to write the table').choices(Object.keys(ladderFormats)).default('text'),
		)
		.addHelpText('after', '\nExample:\n  npm run -s ladder -- --format markdown')
		.action(({format}: {format: keyof typeof ladderFormats}) => {
			process.stdout.write(`${ladderFormats[format](ladderRows(steps))}\n`);
		});
