import {existsSync, mkdtempSync, renameSync, rmdirSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {listFolder} from './list-folder.js';
import {makeFolders} from './make-folders.js';
import {syncFolder} from './write-file-atomic.js';
import {clearUnfinished, unfinishedPrefix} from './write-user-file.js';

/** Files of a folder, by their names. */
export type FolderFiles = ReadonlyArray<{readonly name: string; readonly content: string | Uint8Array}>;

/**
 * Writes a folder of a user's, whole or not at all. One that exists has to be empty.
 *
 * @throws {Error} if something is in its place, or the system refuses
 */
export const writeUserFolder = (folder: string, files: FolderFiles): void => {
	const parent = path.dirname(folder);
	makeFolders(parent);
	clearUnfinished(parent);
	const temporary = mkdtempSync(path.join(parent, unfinishedPrefix));
	try {
		const written = path.join(temporary, path.basename(folder));
		makeFolders(written);
		for (const {name, content} of files) {
			writeFileSync(path.join(written, name), content, {flush: true});
		}

		syncFolder(written);
		if (existsSync(folder) && listFolder(folder).length === 0) {
			rmdirSync(folder);
		}

		renameSync(written, folder);
	} finally {
		rmSync(temporary, {recursive: true, force: true});
	}

	syncFolder(parent);
};
