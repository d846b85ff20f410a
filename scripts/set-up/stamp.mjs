import {createHash} from 'node:crypto';
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';

/**
 * One hash over the names and contents of files and folders, in a fixed order.
 *
 * @param {string} root
 * @param {string[]} places relative to `root`
 * @param {string[]} [words] further text that a change of should be noticed
 * @returns {string}
 */
export const fingerprint = (root, places, words = []) => {
	const hash = createHash('sha256').update(words.join('\0'));
	/** @param {string} place */
	const add = place => {
		const entries = readdirSync(path.join(root, place), {withFileTypes: true});
		for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
			const inner = path.join(place, entry.name);
			if (entry.isDirectory()) {
				add(inner);
			} else {
				hash.update(`${inner}\0`).update(readFileSync(path.join(root, inner)));
			}
		}
	};

	for (const place of places) {
		try {
			hash.update(`${place}\0`).update(readFileSync(path.join(root, place)));
		} catch (error) {
			if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EISDIR') {
				throw error;
			}

			add(place);
		}
	}

	return hash.digest('hex');
};

/**
 * Does the work unless the stamp of the last time says that nothing has changed since.
 *
 * @param {string} stampFile
 * @param {string} wanted fingerprint of everything that the work reads
 * @param {() => Promise<void>} work
 */
export const unlessStamped = async (stampFile, wanted, work) => {
	if (readStamp(stampFile) === wanted) {
		return;
	}

	await work();
	mkdirSync(path.dirname(stampFile), {recursive: true});
	writeFileSync(stampFile, wanted);
};

/**
 * @param {string} stampFile
 * @returns {string | undefined}
 */
export const readStamp = stampFile => {
	try {
		return readFileSync(stampFile, 'utf8');
	} catch {
		return undefined; // never done
	}
};
