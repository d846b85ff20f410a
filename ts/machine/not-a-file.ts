import {lstatSync, type Stats, statSync} from 'node:fs';

/**
 * What stands at a place where a file should, in words; nothing where a file does. To be asked before a place that
 * somebody else wrote is read: a pipe is waited on for ever, and a device may never end.
 */
export const notAFile = (place: string): string | undefined => {
	const found = statSync(place, {throwIfNoEntry: false});
	if (!found) {
		return lstatSync(place, {throwIfNoEntry: false}) ? 'a link to nowhere' : 'nothing';
	}

	return found.isFile() ? undefined : kindOf(found);
};

const kindOf = (found: Stats): string =>
	found.isDirectory() ? 'a folder' : found.isFIFO() ? 'a pipe' : found.isSocket() ? 'a socket' : 'a device';
