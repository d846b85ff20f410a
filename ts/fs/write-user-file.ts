import {lstatSync, mkdtempSync, realpathSync, renameSync, rmSync} from 'node:fs';
import path from 'node:path';
import {sync as writeFileAtomicSync} from 'write-file-atomic';
import {listFolder} from './list-folder.js';
import {isAbandoned} from './lock.js';
import {checkWritable, syncFolder} from './write-file-atomic.js';

/**
 * Writes a file into a user's own folder, as `writeFileAtomic` does into ours; an existing one keeps its mode and owner.
 * Several processes may do so at once. It is written in a folder with a name of our own, so that clean-up after a killed
 * process removes nothing of the user's.
 *
 * @throws {Error} if something other than a file has its name, or the system refuses
 */
export const writeUserFile = (file: string, content: string | Buffer): void => {
	checkWritable(file);
	const folder = path.dirname(file);
	clearUnfinished(folder);
	const existing = lstatSync(file, {throwIfNoEntry: false});
	const temporary = mkdtempSync(path.join(folder, unfinishedPrefix));
	try {
		const written = path.join(temporary, path.basename(file));
		writeFileAtomicSync(
			written,
			content,
			existing && {mode: existing.mode, chown: {uid: existing.uid, gid: existing.gid}},
		);
		renameSync(written, file);
	} finally {
		rmSync(temporary, {recursive: true, force: true});
	}

	syncFolder(folder);
};

/**
 * Rewrites a user's file, following links.
 *
 * @throws {Error} if it is missing, and as {@link writeUserFile} does
 */
export const overwriteUserFile = (file: string, content: string): void => {
	writeUserFile(realpathSync(file), content);
};

/** The beginning of the names of folders that files and folders of users are written in. */
export const unfinishedPrefix = '.stepladder-unfinished-';

/** Removes the folders that killed processes left. Those that may be in use stay. */
export const clearUnfinished = (folder: string): void => {
	try {
		for (const name of listFolder(folder).filter(name => name.startsWith(unfinishedPrefix))) {
			const leftover = path.join(folder, name);
			if (isAbandoned(leftover)) {
				rmSync(leftover, {recursive: true, force: true});
			}
		}
	} catch {
		// the next write removes them
	}
};

/** Returns a text with the line ends of another: an editor, or git on Windows, may have made them `\r\n`. */
export const withLineEnds = (text: string, like: string): string =>
	like.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text;
