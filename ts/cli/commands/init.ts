import path from 'node:path';
import type {Command} from 'commander';
import {displayPath, shellQuote} from '../../format/command-line.js';
import {initLadder} from '../../ladder/init-ladder.js';
import {commandHint} from '../../platform/command-hint.js';
import {print} from '../print.js';

export const initCommand = (command: Command): Command =>
	command
		.argument('[dir]', 'the folder for it', '.')
		.addHelpText('after', `\nExample:\n  ${commandHint('init', 'shoes')}`)
		.action((dir: string) => {
			const folder = path.resolve(dir);
			for (const file of initLadder(folder)) {
				print(`Written: ${displayPath(file)}\n`);
			}

			const shown = shellQuote(displayPath(folder));
			const next = `${shown === '.' ? '' : `cd ${shown} && `}${commandHint('train', '--step baseline', {folder})}`;
			print(`\nNext: ${next}\n`);
		});
