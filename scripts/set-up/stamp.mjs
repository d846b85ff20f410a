import {createHash} from 'node:crypto';
import {mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
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
 * Does the work unless nothing has changed since the last time: neither what it reads, nor what it made, of which names
 * and sizes are looked at.
 *
 * @param {string} output the folder of all that it makes
 * @param {string} wanted fingerprint of everything that the work reads
 * @param {() => Promise<void>} work
 */
export const unlessBuilt = async (output, wanted, work) => {
	if (!isBuilt(output, wanted)) {
		await work();
		writeFileSync(path.join(output, stamp), `${wanted} ${listing(output)}`);
	}
};

const stamp = '.stamp';

/**
 * @param {string} output
 * @param {string} wanted
 */
export const isBuilt = (output, wanted) => readStamp(path.join(output, stamp)) === `${wanted} ${listing(output)}`;

/**
 * Whether what was made in a folder is not as it was made.
 *
 * @param {string} output
 */
export const wasChanged = output => {
	const found = readStamp(path.join(output, stamp));
	return found !== undefined && !found.endsWith(` ${listing(output)}`);
};

/**
 * One hash over the names and sizes of all files in a folder.
 *
 * @param {string} folder
 * @returns {string}
 */
const listing = folder => {
	const files = readNames(folder).flatMap(name => {
		const found = statSync(path.join(folder, name), {throwIfNoEntry: false});
		return found?.isFile() && name !== stamp ? [`${name}\0${found.size}`] : [];
	});
	return createHash('sha256').update(files.sort().join('\n')).digest('hex');
};

/** @param {string} folder */
const readNames = folder => {
	try {
		return readdirSync(folder, {recursive: true, encoding: 'utf8'});
	} catch {
		return []; // never made
	}
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
