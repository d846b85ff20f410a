import {readdirSync} from 'node:fs';
import {DataError} from '../errors/index.js';
import {displayPath} from '../format/command-line.js';
import {fileType} from './file-type.js';

/**
 * Returns the names in a folder; none if it does not exist.
 *
 * @throws {DataError} if it can't be listed
 */
export const listFolder = (folder: string): string[] => {
	try {
		return fileType(folder) === 'nothing' ? [] : readdirSync(folder);
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		const sentence = `${displayPath(folder)}: expected a folder that can be listed (${reason})`;
		throw new DataError(sentence, folder, 'a folder that can be listed', reason);
	}
};
