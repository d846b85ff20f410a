import {existsSync} from 'node:fs';
import process from 'node:process';
import type {Command} from 'commander';
import {ConfigError} from '../../errors/config-error.js';
import {displayPath} from '../../format/command-line.js';
import {percent} from '../../format/figures.js';
import {type Screen, textTable} from '../../format/text-table.js';
import {commandHint} from '../../platform/command-hint.js';
import {listRuns, type RunSummary} from '../../runs/list-runs.js';
import type {WrittenRuns} from '../../tensorboard/write-runs.js';
import {exitCodes} from '../exit-codes.js';
import {print, printError} from '../print.js';
import {screen} from '../screen.js';

type Flags = {readonly json: boolean; readonly tensorboard?: string};

export const runsCommand = (command: Command): Command =>
	command
		.argument('[dir]', 'the folder that they are in (default: runs of the ladder)')
		.option(
			'--tensorboard <dir>',
			'write the finished ones for TensorBoard into a folder, a line for each; what is there already stays',
		)
		.option('--json', 'print them as JSON', false)
		.addHelpText(
			'after',
			`\nTest: accuracy of the last finished epoch, in percent.\n\nExamples:\n  ${commandHint('runs')}\n  ${commandHint('runs', '--tensorboard tensorboard')}\n  ${commandHint('train', '--resume latest')}`,
		)
		.action(async (given: string | undefined, {json, tensorboard}: Flags) => {
			if (given !== undefined && !existsSync(given)) {
				throw new ConfigError('dir', 'a folder with runs', given, `there is no folder ${given}`);
			}

			const folder = given ?? (await import('../own-runs.js')).foundRuns({});
			if (tensorboard !== undefined) {
				const note = await writeForTensorboard(folder, tensorboard);
				(json ? printError : print)(json ? note : `${note}\n`);
			}

			const runs = listRuns(folder);
			if (json) {
				print(`${JSON.stringify(runs, undefined, '\t')}\n`);
			} else {
				print(
					`${runs.length > 0 ? table(runs, screen()) : `No runs in ${folder === 'runs' ? './runs' : folder} yet`}\n`,
				);
			}
		});

const writeForTensorboard = async (folder: string, to: string): Promise<string> => {
	const [{checkPath}, {writeRuns}, {tensorboardHint}] = await Promise.all([
		import('../../validation/check-path.js'),
		import('../../tensorboard/write-runs.js'),
		import('../log-option.js'),
	]);
	checkPath('tensorboard', to);
	return `${writtenText(writeRuns(folder, to))}\n${tensorboardHint(to)}`;
};

/** Says which runs were written for TensorBoard; damaged ones set the exit code. */
const writtenText = ({written, unfinished, damaged}: WrittenRuns): string => {
	for (const folder of damaged) {
		printError(`${displayPath(folder)} is not written: its files have changed since it finished\n`);
		process.exitCode = exitCodes.data;
	}

	const others = unfinished === 0 ? '' : `, without ${unfinished} unfinished`;
	return `Written for TensorBoard: ${written} ${written === 1 ? 'run' : 'runs'}${others}`;
};

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
