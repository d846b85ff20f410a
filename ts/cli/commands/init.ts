import path from 'node:path';
import process from 'node:process';
import type {Command} from 'commander';
import {commandHint, displayPath, shellQuote, startedByNpm} from '../../format/command-line.js';
import {initLadder} from '../../ladder/init-ladder.js';

export const initCommand = (command: Command): Command =>
	command
		.argument('[dir]', 'the folder for it', '.')
		.addHelpText('after', `\nExample:\n  ${commandHint('init', 'shoes')}`)
		.action((dir: string) => {
			const folder = path.resolve(dir);
			for (const file of initLadder(folder)) {
				process.stdout.write(`Written: ${displayPath(file)}\n`);
			}

			process.stdout.write(`\nNext: ${next(shellQuote(displayPath(folder)))}\n`);
		});

/** What to type next: npm's scripts are those of the clone, so that they are told the folder and not run in it. */
const next = (folder: string): string => {
	if (startedByNpm()) {
		return commandHint('train', `--ladder ${folder} --step baseline`);
	}

	return `${folder === '.' ? '' : `cd ${folder} && `}${commandHint('train', '--step baseline')}`;
};
