import {existsSync, realpathSync} from 'node:fs';
import type {Command} from 'commander';
import {ConfigError} from '../../errors/config-error.js';
import {folderSource, type ShownFolders} from '../../live/folder-source.js';
import {serveLive} from '../../live/serve-live.js';
import {commandHint} from '../../platform/command-hint.js';
import {isFolderLocked} from '../../runs/folder.js';
import {runFolders} from '../../runs/list-runs.js';
import {progressFolders} from '../../sweep/progress-folder.js';
import type {Interruption} from '../interruption.js';
import {type LadderFlags, withLadderOption} from '../ladder-options.js';
import {parsePort} from '../live-option.js';
import {openPage} from '../open-page.js';
import {foundRuns} from '../own-runs.js';
import {print, printError} from '../print.js';

type Flags = LadderFlags & {readonly port?: number; readonly open: boolean};

export const liveCommand = (command: Command, interruption: Interruption): Command =>
	withLadderOption(command)
		.argument(
			'[runs...]',
			'run folders, or folders of runs and sweeps (default: the ladder’s that are in training, from now on)',
		)
		.option('--port <n>', 'where the page is served (default: a free port)', parsePort)
		.option('--open', 'open the page in the browser', false)
		.addHelpText(
			'after',
			`
The page is drawn from the folders of runs and sweeps alone, so they may be trained by another process, or on another machine that
writes to the same disk. It is served on 127.0.0.1 until the command is interrupted. From elsewhere, reach it by a tunnel: with an address of
http://127.0.0.1:8123/TOKEN/ there, ssh -L 8123:127.0.0.1:8123 HOST, and open it here.

Examples:
  ${commandHint('live')}
  ${commandHint('live', 'runs/baseline --port 8123')}`,
		)
		.action(async (names: string[], {port, open, ...flags}: Flags) => {
			const folders = names.length > 0 ? named(names) : inTraining(foundRuns(flags));
			const live = await serveLive(folderSource('Runs', folders), port);
			print(`Live page: ${live.address}\n`);
			try {
				if (open) {
					const problem = await openPage(live.address);
					printError(problem === undefined ? '' : `The page was not opened: ${problem}. Open it by hand.\n`);
				}

				await aborted(interruption.signal);
			} finally {
				await live.end();
			}
		});

/** How long a list of folders is used before they are listed again, in milliseconds. */
const listFor = 3000;

const everySoOften = (list: () => ShownFolders): (() => ShownFolders) => {
	let [listed, at]: [ShownFolders, number] = [{runs: [], sweeps: []}, Number.NEGATIVE_INFINITY];
	return () => {
		if (performance.now() - at > listFor) {
			[listed, at] = [list(), performance.now()];
		}

		return listed;
	};
};

/** Lists runs and sweeps; those that were there stay listed when they are removed. */
const remembered = (foldersBy: (list: (root: string) => string[]) => readonly string[]): (() => ShownFolders) => {
	const [runs, sweeps] = [new Set<string>(), new Set<string>()];
	return everySoOften(() => {
		for (const folder of foldersBy(runFolders)) {
			runs.add(folder);
		}

		for (const folder of foldersBy(progressFolders)) {
			sweeps.add(folder);
		}

		return {runs: [...runs], sweeps: [...sweeps]};
	});
};

/** Lists the runs and sweeps of folders. */
const named = (names: readonly string[]): (() => ShownFolders) => {
	const missing = names.find(name => !existsSync(name));
	if (missing !== undefined) {
		throw new ConfigError('runs', 'folders of runs', missing, `there is no folder ${missing}`);
	}

	const roots = names.map(name => realpathSync(name));
	return remembered(list => roots.flatMap(root => list(root)));
};

/** Lists the runs and sweeps in a folder that are in training, and those that begin later. */
const inTraining = (root: string): (() => ShownFolders) => {
	const others = new Set([...runFolders(root), ...progressFolders(root)].filter(folder => !isFolderLocked(folder)));
	return remembered(list => list(root).filter(folder => !others.has(folder) || isFolderLocked(folder)));
};

const aborted = async (signal: AbortSignal): Promise<void> =>
	new Promise(resolve => {
		if (signal.aborted) {
			resolve();
		}

		signal.addEventListener('abort', () => resolve(), {once: true});
	});
