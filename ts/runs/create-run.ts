import {mkdirSync, rmSync} from 'node:fs';
import path from 'node:path';
import {makeFolders} from '../fs/make-folders.js';
import {suggestOut} from '../fs/wrap-write-errors.js';
import {cleanUpRuns} from './clean-up.js';
import {configText, type RunConfig} from './config.js';
import {lockFolder, writeIn} from './folder.js';
import {latest} from './latest.js';
import {RunFolder} from './run-folder.js';

/**
 * Returns a function that creates the folder of a new run of a step, `out/<step>/<UTC time>-s<seed>`, with its `config.json` and
 * empty logs. With the first one, leftovers of killed processes are removed from the folders of the step's other runs.
 *
 * The function throws a {@link LoadError} if the engine's addon can't be loaded, and a {@link WriteError}.
 */
export const runCreator = (out: string): ((config: RunConfig) => Promise<RunFolder>) => {
	let cleanUp: Promise<void> | undefined;
	return async config => {
		const {step, seed} = config;
		const begun = new Date().toISOString();
		const text = configText(config, begun); // before there is a folder, since the addon may be missing
		const parent = path.resolve(out, step.name);
		const time = begun.slice(0, 19).replaceAll(':', '-');
		writeIn(parent, () => makeFolders(parent));
		cleanUp ??= cleanUpRuns(parent);
		await cleanUp;
		const created = writeIn(parent, () => makeFresh(path.join(parent, `${time}Z-s${seed}`)));
		const lock = await lockFolder(created, undefined, suggestOut).catch(error => {
			rmSync(created, {recursive: true, force: true});
			throw error;
		});
		const run = new RunFolder(created, lock, text, path.resolve(out, latest));
		run.create();
		return run;
	};
};

/** Makes a folder of that name, or of the next free one: two runs may start in the same second. */
const makeFresh = (wanted: string): string => {
	for (let count = 1; ; count += 1) {
		const folder = count === 1 ? wanted : `${wanted}-${count}`;
		try {
			mkdirSync(folder);
			return folder;
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
				throw error;
			}
		}
	}
};
