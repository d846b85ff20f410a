import path from 'node:path';
import {didYouMean} from '../format/did-you-mean.js';
import {fileType} from '../fs/file-type.js';
import {listFolder} from '../fs/list-folder.js';

/**
 * Describes what is in the place of a file that can't be read: another type of file, or those that exist beside it.
 *
 * @param alike matches the names of files that could have been meant
 * @returns `undefined` if it is a file
 */
export const describeMissing = (file: string, alike: RegExp): string | undefined => {
	const type = fileType(file);
	if (type === 'a file') {
		return undefined;
	}

	if (type !== 'nothing') {
		return `it is ${type}`;
	}

	const folder = path.dirname(file);
	if (fileType(folder) !== 'a folder') {
		const beside = fileType(path.dirname(folder)) === 'a folder' ? listFolder(path.dirname(folder)) : [];
		return `file not found, since its folder does not exist${didYouMean(path.basename(folder), beside)}`;
	}

	const names = listFolder(folder).filter(name => alike.test(name));
	const meant = didYouMean(path.basename(file), names);
	const more = names.length > 8 ? `and ${names.length - 8} more` : [];
	return `file not found${meant || (names.length > 0 ? `; its folder has ${names.slice(0, 8).concat(more).join(', ')}` : '')}`;
};
