import {randomUUID} from 'node:crypto';
import {existsSync, renameSync, rmSync} from 'node:fs';
import path from 'node:path';
import {isLocked} from '../fs/lock-folder.js';
import {fillCache, lockOf} from './cache.js';
import {type EntryUses, imagesFolder, readUses, removeMarks} from './uses.js';

/**
 * Removes images from the cache, unless they are in use. They are renamed first, so that a process that opens them meanwhile
 * finds them whole or not at all.
 *
 * @param isUsed decides by those who use the entry
 * @returns whether they were removed
 * @throws {WriteError}
 */
export const removeEntry = async (
	key: string,
	cache: string,
	isUsed: (uses: EntryUses) => boolean,
): Promise<boolean> => {
	const entry = path.join(imagesFolder(cache), key);
	if (isUsed(readUses(cache)(key)) || isLocked(lockOf(entry)) || !existsSync(entry)) {
		return false;
	}

	return fillCache(entry, {cache, report() {}}, async () => {
		if (!existsSync(entry)) {
			return false; // another process was first
		}

		const aside = `${entry}.${randomUUID().slice(0, 6)}`; // as the cache names what it removes if this process is killed
		renameSync(entry, aside);
		if (isUsed(readUses(cache)(key))) {
			renameSync(aside, entry);
			return false;
		}

		rmSync(aside, {recursive: true, force: true});
		removeMarks(key, cache);
		return true;
	});
};
