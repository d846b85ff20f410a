import process from 'node:process';
import {Command} from 'commander';
import {newStep} from '../../ladder/new-step.js';
import {shown} from '../../text/shown.js';
import {quoted, typed} from '../../text/typed.js';
import {chosenLadder, type LadderFlags, withLadderOption} from '../ladder-options.js';

export const newStepCommand = (): Command =>
	withLadderOption(new Command('new-step'))
		.description('Write the file of the next step, with its change and its target to fill in.')
		.argument('<name>', 'lower-case words joined by hyphens')
		.requiredOption('--from <step>', 'the step that it grows from')
		.addHelpText('after', `\nExample:\n  ${typed('new-step', 'batch-norm --from baseline')}`)
		.action(async (name: string, {from, ...flags}: LadderFlags & {from: string}) => {
			const file = newStep(await chosenLadder(flags), name, from);
			const named = flags.ladder === undefined ? '' : `--ladder ${quoted(flags.ladder)} `;
			const next = typed('train', `${named}--step ${name}`);
			process.stdout.write(`Written: ${shown(file)}\n\nFill in its change and its target, then: ${next}\n`);
		});
