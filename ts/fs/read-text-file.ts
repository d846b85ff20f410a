import {readFileSync} from 'node:fs';
import {fileType} from './file-type.js';

/**
 * The text of a file that somebody else may have put there. What is no file is not opened: to wait on a pipe nothing ends,
 * not even a signal.
 *
 * @throws {Error} where it is not there, can't be read, or is no file
 */
export const readTextFile = (file: string): string => {
	const found = fileType(file);
	if (found !== 'a file' && found !== 'nothing' && found !== 'a link to nowhere') {
		throw new Error(`it is ${found}, not a file`);
	}

	return readFileSync(file, 'utf8');
};
