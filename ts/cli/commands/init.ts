import path from 'node:path';
import process from 'node:process';
import {Command} from 'commander';
import {initLadder} from '../../ladder/init-ladder.js';
import {shown} from '../../text/shown.js';
import {quoted, startedByNpm, typed} from '../../text/typed.js';

export const initCommand = (): Command =>
	new Command('init')
		.description('Write a small ladder of your own, ready to train.')
		.argument('[dir]', 'the folder for it', '.')
		.addHelpText('after', `\nExample:\n  ${typed('init', 'shoes')}`)
		.action((dir: string) => {
			const folder = path.resolve(dir);
			for (const file of initLadder(folder)) {
				process.stdout.write(`Written: ${shown(file)}\n`);
			}

			process.stdout.write(`\nNext: ${next(quoted(shown(folder)))}\n`);
		});

/** What to type next: npm's scripts are those of the clone, so that they are told the folder and not run in it. */
const next = (folder: string): string => {
	if (startedByNpm()) {
		return typed('train', `--ladder ${folder} --step baseline`);
	}

	return `${folder === '.' ? '' : `cd ${folder} && `}${typed('train', '--step baseline')}`;
};
