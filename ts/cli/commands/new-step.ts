import type {Command} from 'commander';
import {displayPath} from '../../format/command-line.js';
import {ladderHint} from '../../ladder/ladder-hint.js';
import {newStep} from '../../ladder/new-step.js';
import {commandHint} from '../../platform/command-hint.js';
import {chosenLadder, type LadderFlags, withLadderOption} from '../ladder-options.js';
import {print} from '../print.js';

export const newStepCommand = (command: Command): Command =>
	withLadderOption(command)
		.argument('<name>', 'lower-case words joined by hyphens')
		.requiredOption('--from <step>', 'the step that it grows from')
		.addHelpText('after', `\nExample:\n  ${commandHint('new-step', 'batch-norm --from baseline')}`)
		.action(async (name: string, {from, ...flags}: LadderFlags & {from: string}) => {
			const file = newStep(await chosenLadder(flags), name, from);
			const next = ladderHint(file, 'train', `--step ${name}`);
			print(`Written: ${displayPath(file)}\n\nFill in its change and its target, then: ${next}\n`);
		});
