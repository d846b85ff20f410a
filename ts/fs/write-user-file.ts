import {lstatSync, mkdtempSync, realpathSync, renameSync, rmSync} from 'node:fs';
import path from 'node:path';
import {sync as writeFileAtomicSync} from 'write-file-atomic';
import {listFolder} from './list-folder.js';
import {isStale} from './lock.js';
import {checkWritable, syncFolder} from './write-file-atomic.js';

/**
 * Writes a file into a folder of the user's own, as `writeFileAtomic` does into ours: where one is there, it keeps its rights.
 * Several processes may do so at once. What one left that was killed is taken away, and nothing else: no name beside a user's
 * file is known to be ours but that of the folder which it is written in.
 *
 * @throws {Error} where something else than a file is there, and where the system refuses
 */
export const writeUserFile = (file: string, content: string): void => {
	checkWritable(file);
	const folder = path.dirname(file);
	clearUnfinished(folder);
	const found = lstatSync(file, {throwIfNoEntry: false});
	const beside = mkdtempSync(path.join(folder, prefix));
	try {
		const made = path.join(beside, path.basename(file));
		writeFileAtomicSync(made, content, found && {mode: found.mode, chown: {uid: found.uid, gid: found.gid}});
		renameSync(made, file);
	} finally {
		rmSync(beside, {recursive: true, force: true});
	}

	syncFolder(folder);
};

/**
 * Writes a file of the user's own anew, where its links lead to.
 *
 * @throws {Error} where it is not there, and as {@link writeUserFile} does
 */
export const overwriteUserFile = (file: string, content: string): void => {
	writeUserFile(realpathSync(file), content);
};

const prefix = '.stepladder-unfinished-';

/** Takes away what processes left in a folder that were killed while they wrote there. What may be under way stays. */
export const clearUnfinished = (folder: string): void => {
	try {
		for (const name of listFolder(folder).filter(name => name.startsWith(prefix))) {
			const left = path.join(folder, name);
			if (isStale(left)) {
				rmSync(left, {recursive: true, force: true});
			}
		}
	} catch {
		// the next one that writes there takes it away
	}
};

/** A text with the line ends that another has: an editor, or git on Windows, may have made them `\r\n`. */
export const withLineEnds = (text: string, like: string): string =>
	like.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text;
