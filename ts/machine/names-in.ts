import {readdirSync} from 'node:fs';
import {DataError} from '../errors/index.js';
import {shown} from '../text/shown.js';
import {kindAt} from './kind-at.js';

/**
 * The names in a folder; none where there is no such folder.
 *
 * @throws {DataError} where it can't be listed
 */
export const namesIn = (folder: string): string[] => {
	try {
		return kindAt(folder) === 'nothing' ? [] : readdirSync(folder);
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		const sentence = `${shown(folder)}: expected a folder that can be listed (${reason})`;
		throw new DataError(sentence, folder, 'a folder that can be listed', reason);
	}
};
