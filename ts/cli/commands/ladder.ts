import process from 'node:process';
import {Command, Option} from 'commander';
import {ladderGoal} from '../../record/goal-sentence.js';
import {LadderRecords} from '../../record/ladder-records.js';
import {ladderFormats, ladderRows} from '../../record/ladder-table.js';
import {typed} from '../../text/typed.js';
import {wrap} from '../../text/wrap.js';
import {chosenLadder, type LadderFlags, tellDamaged, tellRefused, withLadderOption} from '../ladder-options.js';
import {screen} from '../screen.js';

export const ladderCommand = (): Command =>
	withLadderOption(new Command('ladder'))
		.description('Show all steps side by side, with their results.')
		.addOption(
			new Option('--format <name>', 'how to write the table').choices(Object.keys(ladderFormats)).default('text'),
		)
		.addHelpText(
			'after',
			`
Train: accuracy while learning, in the last epoch. Test: mean accuracy of the last five epochs. Both in percent, as
mean ± standard deviation over seeds. Held: seeds that reached the target in each of so many last epochs.

Example:
  ${typed('ladder', '--format markdown', {quiet: true})}`,
		)
		.action(async ({format, ...flags}: LadderFlags & {format: keyof typeof ladderFormats}) => {
			const ladder = await chosenLadder(flags);
			const records = new LadderRecords(ladder);
			const goal = ladderGoal(records);
			const table = ladderFormats[format](ladderRows(records), screen());
			process.stdout.write(
				format === 'text' && goal !== undefined ? `${table}\n\n${wrap(goal, screen().width)}\n` : `${table}\n`,
			);
			tellRefused(ladder, 'in the table');
			tellDamaged(records.damaged(), 'is in the table without its figures');
		});
