import {mkdtempSync, realpathSync, renameSync, rmSync, statSync} from 'node:fs';
import path from 'node:path';
import {sync as writeFileAtomicSync} from 'write-file-atomic';
import {syncFolder} from '../errors/write-whole.js';
import {isSilent} from './hold-place.js';
import {namesIn} from './names-in.js';

/**
 * Writes a file of the user's own anew, where its links lead to, with the rights that it has: it is as it was or whole, and
 * lasts through a power cut. Several processes may do so at once. What one left beside it that was killed is taken away.
 *
 * @throws {Error} where the system refuses
 */
export const writeOver = (file: string, content: string): void => {
	const place = realpathSync(file);
	const folder = path.dirname(place);
	clearSilent(folder);
	const {mode, uid, gid} = statSync(place);
	// A folder of its own, since no name beside a user's file is known to be ours but this.
	const beside = mkdtempSync(path.join(folder, prefix));
	try {
		const made = path.join(beside, path.basename(place));
		writeFileAtomicSync(made, content, {mode, chown: {uid, gid}});
		renameSync(made, place);
	} finally {
		rmSync(beside, {recursive: true, force: true});
	}

	syncFolder(folder);
};

const prefix = '.unfinished-';

/** Takes away what killed processes left; what may be under way stays. */
const clearSilent = (folder: string): void => {
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
