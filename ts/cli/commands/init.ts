import path from 'node:path';
import process from 'node:process';
import type {Command} from 'commander';
import {displayPath, shellQuote} from '../../format/command-line.js';
import {initLadder} from '../../ladder/init-ladder.js';
import {commandHint} from '../../platform/command-hint.js';

export const initCommand = (command: Command): Command =>
	command
		.argument('[dir]', 'the folder for it', '.')
		.addHelpText('after', `\nExample:\n  ${commandHint('init', 'shoes')}`)
		.action((dir: string) => {
			const folder = path.resolve(dir);
			for (const file of initLadder(folder)) {
				process.stdout.write(`Written: ${displayPath(file)}\n`);
			}

			const shown = shellQuote(displayPath(folder));
			const next = `${shown === '.' ? '' : `cd ${shown} && `}${commandHint('train', '--step baseline', {folder})}`;
			process.stdout.write(`\nNext: ${next}\n`);
		});
