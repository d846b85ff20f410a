import path from 'node:path';
import process from 'node:process';
import {Command} from 'commander';
import {initLadder} from '../../ladder/init-ladder.js';
import {shown} from '../../text/shown.js';
import {typed} from '../../text/typed.js';

export const initCommand = (): Command =>
	new Command('init')
		.description('Write a small ladder of your own that trains at once.')
		.argument('[dir]', 'the folder for it', '.')
		.addHelpText('after', `\nExample:\n  ${typed('init', 'shoes')}`)
		.action((dir: string) => {
			const folder = path.resolve(dir);
			for (const file of initLadder(folder)) {
				process.stdout.write(`Written: ${shown(file)}\n`);
			}

			const here = shown(folder) === '.' ? '' : `cd ${shown(folder)} && `;
			process.stdout.write(`\nNext: ${here}${typed('train', '--step baseline')}\n`);
		});
