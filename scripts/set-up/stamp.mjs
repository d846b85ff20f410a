import {createHash} from 'node:crypto';
import {mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';

/**
 * Hashes the names and contents of files and folders, in a fixed order.
 *
 * @param {string} root
 * @param {string[]} entries relative to `root`
 * @param {string[]} [words] further text to hash
 * @returns {string}
 */
export const fingerprint = (root, entries, words = []) => {
	const hash = createHash('sha256').update(words.join('\0'));
	/** @param {string} folder */
	const add = folder => {
		const inFolder = readdirSync(path.join(root, folder), {withFileTypes: true});
		for (const entry of inFolder.sort((a, b) => (a.name < b.name ? -1 : 1))) {
			const inner = path.join(folder, entry.name);
			if (entry.isDirectory()) {
				add(inner);
			} else {
				hash.update(`${inner}\0`).update(readFileSync(path.join(root, inner)));
			}
		}
	};

	for (const entry of entries) {
		try {
			hash.update(`${entry}\0`).update(readFileSync(path.join(root, entry)));
		} catch (error) {
			if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EISDIR') {
				throw error;
			}

			add(entry);
		}
	}

	return hash.digest('hex');
};

/**
 * Does the work unless its stamp says that the sources have not changed.
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
 * Does the work unless neither its sources nor its output have changed, whose names and sizes are compared.
 *
 * @param {string} output the folder of its output
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
 * Whether a folder was changed since it was built.
 *
 * @param {string} output
 */
export const wasChanged = output => {
	const found = readStamp(path.join(output, stamp));
	return found !== undefined && !found.endsWith(` ${listing(output)}`);
};

/**
 * Hashes the names and sizes of all files in a folder.
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
		return []; // never built
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
