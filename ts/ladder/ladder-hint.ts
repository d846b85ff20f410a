import path from 'node:path';
import process from 'node:process';
import {displayPath, shellQuote} from '../format/command-line.js';
import {commandHint} from '../platform/command-hint.js';
import {findLadder, nearestLadder} from './find-ladder.js';

/**
 * Returns a command line about a ladder that works as it is typed, as {@link commandHint} does: with `--ladder` unless the command finds
 * that ladder by itself.
 *
 * @param place the ladder's folder, or a file or folder in it
 */
export const ladderHint = (place: string, command: string, rest: string): string => {
	const folder = nearestLadder(place) ?? path.resolve(place);
	return commandHint(command, isFound(folder) ? rest : `${rest} --ladder ${shellQuote(displayPath(folder))}`);
};

const isFound = (folder: string): boolean => {
	try {
		return findLadder(process.cwd()) === folder;
	} catch {
		return false;
	}
};
