import {lstatSync, type Stats, statSync} from 'node:fs';

/**
 * Returns the type of a file, in words. For use before a file that a user named is read: reading a pipe may wait
 * for ever, and a device may never end.
 */
export const fileType = (
	file: string,
): 'a file' | 'a folder' | 'a pipe' | 'a socket' | 'a device' | 'a link to nowhere' | 'nothing' => {
	const found = unlessAbsent(() => statSync(file));
	if (!found) {
		return unlessAbsent(() => lstatSync(file)) ? 'a link to nowhere' : 'nothing';
	}

	if (found.isFile()) {
		return 'a file';
	}

	return found.isDirectory() ? 'a folder' : found.isFIFO() ? 'a pipe' : found.isSocket() ? 'a socket' : 'a device';
};

/** Codes for a file that does not exist, or can't: below another file, or through a link to itself. */
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
