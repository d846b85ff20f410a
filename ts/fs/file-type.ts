import {lstatSync, type Stats, statSync} from 'node:fs';

/**
 * What stands at a place, in words. To be asked before a file that somebody else wrote is read: a pipe is waited on for
 * ever, and a device may never end.
 */
export const fileType = (
	place: string,
): 'a file' | 'a folder' | 'a pipe' | 'a socket' | 'a device' | 'a link to nowhere' | 'nothing' => {
	const found = unlessAbsent(() => statSync(place));
	if (!found) {
		return unlessAbsent(() => lstatSync(place)) ? 'a link to nowhere' : 'nothing';
	}

	if (found.isFile()) {
		return 'a file';
	}

	return found.isDirectory() ? 'a folder' : found.isFIFO() ? 'a pipe' : found.isSocket() ? 'a socket' : 'a device';
};

/** What a system says of a place where there is nothing, nor could be: below a file, or by a link to itself. */
const absent = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG']);

const unlessAbsent = (look: () => Stats): Stats | undefined => {
	try {
		return look();
	} catch (error) {
		if (absent.has((error as NodeJS.ErrnoException).code ?? '')) {
			return undefined;
		}

		throw error;
	}
};
