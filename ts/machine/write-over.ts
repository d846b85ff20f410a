import {lstatSync, mkdtempSync, realpathSync, renameSync, rmSync} from 'node:fs';
import path from 'node:path';
import {sync as writeFileAtomicSync} from 'write-file-atomic';
import {checkWritable, syncFolder} from '../errors/write-whole.js';
import {isSilent} from './hold-place.js';
import {namesIn} from './names-in.js';

/**
 * Writes a file into a folder of the user's own, as `writeWhole` does into ours: where one is there, it keeps its rights.
 * Several processes may do so at once. What one left that was killed is taken away, and nothing else: no name beside a user's
 * file is known to be ours but that of the folder which it is written in.
 *
 * @throws {Error} where something else than a file is there, and where the system refuses
 */
export const writeAmong = (file: string, content: string): void => {
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
 * @throws {Error} where it is not there, and as {@link writeAmong} does
 */
export const writeOver = (file: string, content: string): void => {
	writeAmong(realpathSync(file), content);
};

const prefix = '.stepladder-unfinished-';

/** Takes away what processes left in a folder that were killed while they wrote there. What may be under way stays. */
export const clearUnfinished = (folder: string): void => {
	try {
		for (const name of namesIn(folder).filter(name => name.startsWith(prefix))) {
			const left = path.join(folder, name);
			if (isSilent(left)) {
				rmSync(left, {recursive: true, force: true});
			}
		}
	} catch {
		// the next one that writes there takes it away
	}
};
