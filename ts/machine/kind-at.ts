import {lstatSync, statSync} from 'node:fs';

/**
 * What stands at a place, in words. To be asked before a file that somebody else wrote is read: a pipe is waited on for
 * ever, and a device may never end.
 */
export const kindAt = (
	place: string,
): 'a file' | 'a folder' | 'a pipe' | 'a socket' | 'a device' | 'a link to nowhere' | 'nothing' => {
	const found = statSync(place, {throwIfNoEntry: false});
	if (!found) {
		return lstatSync(place, {throwIfNoEntry: false}) ? 'a link to nowhere' : 'nothing';
	}

	if (found.isFile()) {
		return 'a file';
	}

	return found.isDirectory() ? 'a folder' : found.isFIFO() ? 'a pipe' : found.isSocket() ? 'a socket' : 'a device';
};
