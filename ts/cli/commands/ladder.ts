import process from 'node:process';
import {Command, Option} from 'commander';
import {LadderRecords} from '../../record/ladder-records.js';
import {ladderFormats, ladderRows} from '../../report/ladder.js';
import {places} from '../../steps/index.js';

export const ladderCommand = (): Command =>
	new Command('ladder')
		.description('Show all steps side by side, with what was measured of each.')
		.addOption(
			new Option('--format <name>', 'how to write the table').choices(Object.keys(ladderFormats)).default('text'),
		)
		.addHelpText(
			'after',
			`
Train: accuracy while learning, in the last epoch. Test: mean accuracy of the last five epochs. Both in percent, as
mean ± standard deviation over seeds. Held: seeds that reached the target in each of so many last epochs.

Example:
  npm run -s ladder -- --format markdown`,
		)
		.action(({format}: {format: keyof typeof ladderFormats}) => {
			process.stdout.write(`${ladderFormats[format](ladderRows(places, new LadderRecords()))}\n`);
		});
