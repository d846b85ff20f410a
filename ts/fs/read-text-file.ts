import {readFileSync} from 'node:fs';
import {fileType} from './file-type.js';

/**
 * Reads a file that a user may have put there. Anything but a file is not opened: not even a signal ends a wait
 * on a pipe.
 *
 * @throws {Error} if it is missing, can't be read, or is no file
 */
export const readTextFile = (file: string): string => {
	const found = fileType(file);
	if (found !== 'a file' && found !== 'nothing' && found !== 'a link to nowhere') {
		throw new Error(`it is ${found}, not a file`);
	}

	return readFileSync(file, 'utf8');
};
