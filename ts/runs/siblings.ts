import {readdirSync, readFileSync, realpathSync} from 'node:fs';
import path from 'node:path';
import {type CommandSeeds, isCommandOf, readConfig} from './config.js';
import {isFinished} from './is-finished.js';

/** A seed of a command that trains several, with the state of its run. */
export type Sibling = {
	readonly seed: number;
	readonly state: 'finished' | 'unfinished' | 'not begun';
	/** `undefined` if it was not begun. */
	readonly folder: string | undefined;
};

/**
 * Returns the seeds of a run's command, its own included.
 *
 * @param folder of the run, or a link to it: the others are beside the run, not beside the link
 * @throws {ConfigError} if the folder is not a run's
 */
export const siblingsOf = (folder: string): readonly Sibling[] => {
	const {seed, command} = readConfig(folder);
	const own = realpathSync(folder);
	const parent = path.dirname(own);
	const folders = new Map<number, string>([[seed, own]]);
	for (const name of command ? readdirSync(parent) : []) {
		const found = commandOf(path.join(parent, name));
		if (found?.id === command?.id && found?.seed !== undefined && !folders.has(found.seed)) {
			folders.set(found.seed, path.join(parent, name));
		}
	}

	return (command?.seeds ?? [seed]).map(seed => {
		const folder = folders.get(seed);
		const state = folder === undefined ? 'not begun' : isFinished(folder) ? 'finished' : 'unfinished';
		return {seed, state, folder};
	});
};

/** Returns the command of a run; `undefined` if it has none, or can't be read. */
const commandOf = (folder: string): (CommandSeeds & {readonly seed: number}) | undefined => {
	try {
		const {command, seed} = JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8'));
		return isCommandOf(command, seed) ? {...command, seed} : undefined;
	} catch {
		return undefined;
	}
};
