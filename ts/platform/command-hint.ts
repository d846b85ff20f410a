import {existsSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {shellQuote} from '../format/command-line.js';
import {isClone, packageRoot} from './package-root.js';

/**
 * Returns a command line that works as it is typed: `npx stepladder record --check` with an installed package,
 * `npm run record -- --check` in a clone, and `npm run --prefix CLONE record -- --check` from a folder outside it.
 *
 * @param folder in which it will be typed
 */
export const commandHint = (
	command: string,
	rest = '',
	{quiet = false, folder = process.cwd()}: {readonly quiet?: boolean; readonly folder?: string} = {},
): string => {
	if (!isClone) {
		return `npx stepladder ${command}${rest && ` ${rest}`}`;
	}

	const clone = path.resolve(packageRoot);
	const prefix = npmRoot(folder) === clone ? '' : `--prefix ${shellQuote(clone)} `;
	return `npm run ${quiet ? '-s ' : ''}${prefix}${command}${rest && ` -- ${rest}`}`;
};

/** Returns the folder whose scripts `npm run` finds from a folder: the nearest with a package. */
const npmRoot = (folder: string): string | undefined => {
	const resolved = path.resolve(folder);
	if (['package.json', 'node_modules'].some(name => existsSync(path.join(resolved, name)))) {
		return resolved;
	}

	const parent = path.dirname(resolved);
	return parent === resolved ? undefined : npmRoot(parent);
};

/**
 * Returns the command line of this process, as it can be typed again.
 *
 * @param without options that are left out
 */
export const ownCommand = (...without: readonly string[]): string => {
	const [script = '', ...given] = process.argv.slice(1);
	const words = given.filter(word => !without.includes(word));
	const [command = '', ...rest] = words.map(shellQuote);
	return path.basename(path.dirname(script)) === 'cli' || path.basename(script) === 'stepladder'
		? commandHint(command, rest.join(' '))
		: ['node', shellQuote(script), command, ...rest].join(' ').trim();
};
