import {type Command, Option} from 'commander';
import {wrap} from '../../format/wrap.js';
import {commandHint} from '../../platform/command-hint.js';
import {ladderGoal} from '../../record/goal-sentence.js';
import {LadderRecords} from '../../record/ladder-records.js';
import {ladderFormats, ladderRows} from '../../record/ladder-table.js';
import {chosenLadder, type LadderFlags, printDamaged, printRefused, withLadderOption} from '../ladder-options.js';
import {print} from '../print.js';
import {screen} from '../screen.js';

export const ladderCommand = (command: Command): Command =>
	withLadderOption(command)
		.addOption(
			new Option('--format <name>', 'how to write the table').choices(Object.keys(ladderFormats)).default('text'),
		)
		.addHelpText(
			'after',
			`
Train: accuracy while learning, in the last epoch. Test: mean accuracy of the last five epochs. Both in percent, as
mean ± standard deviation over seeds. Target 99.40 x 5: at least 99.40 % in each of the last 5 epochs. Held: seeds that
reached it.

Example:
  ${commandHint('ladder', '--format markdown', {quiet: true})}`,
		)
		.action(async ({format, ...flags}: LadderFlags & {format: keyof typeof ladderFormats}) => {
			const ladder = await chosenLadder(flags);
			const records = new LadderRecords(ladder);
			const goal = ladderGoal(records);
			const table = ladderFormats[format](ladderRows(records), screen());
			print(format === 'text' && goal !== undefined ? `${table}\n\n${wrap(goal, screen().width)}\n` : `${table}\n`);
			printRefused(ladder, 'in the table');
			printDamaged(records.damaged(), 'is in the table without its figures');
		});
