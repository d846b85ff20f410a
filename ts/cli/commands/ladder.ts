import {type Command, Option} from 'commander';
import type {Data} from '../../data/data.js';
import {openData} from '../../data/open-data.js';
import {isExpectedError} from '../../errors/is-expected-error.js';
import {wrap} from '../../format/wrap.js';
import type {Ladder} from '../../ladder/open-ladder.js';
import {commandHint} from '../../platform/command-hint.js';
import {ladderGoal} from '../../record/goal-sentence.js';
import {LadderRecords} from '../../record/ladder-records.js';
import {ladderFormats, ladderRows} from '../../record/ladder-table.js';
import {findStale} from '../../record/stale.js';
import {chosenLadder, type LadderFlags, printDamaged, printRefused, withLadderOption} from '../ladder-options.js';
import {print, printError} from '../print.js';
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
mean ± standard deviation over seeds. Target 99.40 x 5: the step’s own, at least 99.40 % in each of the last 5 epochs.
Held: seeds that reached it. Stale: the step, or the images, have changed since it was recorded.

Example:
  ${commandHint('ladder', '--format markdown', {quiet: true})}`,
		)
		.action(async ({format, ...flags}: LadderFlags & {format: keyof typeof ladderFormats}) => {
			const ladder = await chosenLadder(flags);
			const records = new LadderRecords(ladder);
			const stale = findStale(records, await imagesOf(ladder, records));
			const goal = ladderGoal(records);
			const table = ladderFormats[format](ladderRows(records, stale.steps), screen());
			print(format === 'text' && goal !== undefined ? `${table}\n\n${wrap(goal, screen().width)}\n` : `${table}\n`);
			printRefused(ladder, 'in the table');
			printDamaged(records.damaged(), 'is in the table without its figures');
			printError(stale.sentences.map(sentence => `Stale: ${sentence}\n`).join(''));
		});

/** Opens the images that records are compared with; `undefined` if nothing is recorded, or they can't be opened. */
const imagesOf = async (ladder: Ladder, records: LadderRecords): Promise<Data | undefined> => {
	if (!ladder.entries.some(entry => records.has(entry))) {
		return undefined;
	}

	try {
		return await openData(ladder.data, ladder.folder);
	} catch (error) {
		if (!isExpectedError(error)) {
			throw error;
		}

		printError(`The records were not compared with the ladder’s images: ${error.message}\n`);
		return undefined;
	}
};
