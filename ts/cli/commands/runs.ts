import {existsSync} from 'node:fs';
import type {Command} from 'commander';
import {ConfigError} from '../../errors/config-error.js';
import {displayPath} from '../../format/command-line.js';
import {percent} from '../../format/figures.js';
import {type Screen, textTable} from '../../format/text-table.js';
import {commandHint} from '../../platform/command-hint.js';
import {listRuns, type RunSummary} from '../../runs/list-runs.js';
import {print} from '../print.js';
import {screen} from '../screen.js';

export const runsCommand = (command: Command): Command =>
	command
		.argument('[dir]', 'the folder that they are in (default: runs of the ladder)')
		.option('--json', 'print them as JSON', false)
		.addHelpText(
			'after',
			`\nTest: accuracy of the last finished epoch, in percent.\n\nExamples:\n  ${commandHint('runs')}\n  ${commandHint('train', '--resume latest')}`,
		)
		.action(async (given: string | undefined, {json}: {json: boolean}) => {
			if (given !== undefined && !existsSync(given)) {
				throw new ConfigError('dir', 'a folder with runs', given, `there is no folder ${given}`);
			}

			const folder = given ?? (await import('../own-runs.js')).foundRuns({});
			const runs = listRuns(folder);
			if (json) {
				print(`${JSON.stringify(runs, undefined, '\t')}\n`);
			} else {
				print(
					`${runs.length > 0 ? table(runs, screen()) : `No runs in ${folder === 'runs' ? './runs' : folder} yet`}\n`,
				);
			}
		});

const table = (runs: readonly RunSummary[], on: Screen): string =>
	textTable(
		['Step', 'Seed', 'Epochs', 'Test %', 'Held', 'State', 'Begun (UTC)', 'Folder'],
		runs.map(({step, seed, epochs, of, testAccuracy, held, trial, state, begun, folder}) => [
			...[step, seed, `${epochs}/${of}`, testAccuracy === undefined ? '-' : percent(testAccuracy)],
			...[held === undefined ? '-' : held ? 'yes' : 'no', trial ? `${state} trial` : state],
			...[begun.slice(0, 16).replace('T', ' '), displayPath(folder)],
		]),
		{
			screen: on,
			spare: ['Begun (UTC)', 'Epochs', 'State', 'Seed'], // the folder names the first and the last,
			colour: (text, column) =>
				column !== 'Held' ? text : text === 'yes' ? on.held(text) : text === 'no' ? on.missed(text) : text,
		},
	);
