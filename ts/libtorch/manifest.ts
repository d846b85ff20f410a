import {createHash} from 'node:crypto';
import {type BigIntStats, closeSync, openSync, readFileSync, readSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {sync as writeFileAtomicSync} from 'write-file-atomic';
import {z} from 'zod';
import type {PinnedWheel} from './pins.js';

const file = 'manifest.json';
const schema = z.object({
	version: z.string(),
	wheels: z.array(z.object({name: z.string(), version: z.string(), sha256: z.string()})),
	libraries: z.record(z.string(), z.object({bytes: z.number(), sha256: z.string()})),
});

/** The libraries of a libtorch folder, by the names of the files in its `lib`. */
export type Libraries = Readonly<Record<string, {readonly bytes: number; readonly sha256: string}>>;

/** Writes the contents of a folder and the wheels that they come from. */
export const writeManifest = (
	folder: string,
	manifest: {readonly version: string; readonly wheels: readonly PinnedWheel[]; readonly libraries: Libraries},
): void => {
	writeFileSync(path.join(folder, file), `${JSON.stringify(manifest, undefined, '\t')}\n`);
};

/** Keeps the state on disk of the libraries whose hashes were right. */
const memory = 'verified.json';
const remembered = z.record(z.string(), z.string());

/**
 * Returns the problem of a folder of the cache, as the end of a sentence about it; `undefined` if each library has the bytes
 * that were unpacked. A library is read once, and again when its size, times or inode have changed.
 *
 * @param reread whether all are read in any case
 */
export const problemOf = (folder: string, {reread = false} = {}): string | undefined => {
	let text: string;
	try {
		text = readFileSync(path.join(folder, file), 'utf8');
	} catch {
		return missing;
	}

	let libraries: Libraries;
	try {
		({libraries} = schema.parse(JSON.parse(text)));
	} catch {
		return `has a damaged ${file}`;
	}

	const known = recall(folder);
	const verified: Record<string, string> = {};
	for (const [name, {bytes, sha256}] of Object.entries(libraries)) {
		const library = path.join(folder, 'lib', name);
		const found = statSync(library, {throwIfNoEntry: false, bigint: true});
		if (!found?.isFile()) {
			return `lacks ${name}`;
		}

		if (found.size !== BigInt(bytes)) {
			return `has ${name} with ${found.size} of ${bytes} bytes`;
		}

		const state = stateOf(found, sha256);
		if ((reread || known[name] !== state) && hashOf(library) !== sha256) {
			return `has ${name} with other bytes than were unpacked`;
		}

		verified[name] = state;
	}

	if (Object.entries(verified).some(([name, state]) => known[name] !== state)) {
		remember(folder, verified);
	}

	return undefined;
};

/** The problem of a folder that was never filled. */
export const missing = 'is missing';

/** A process that writes to a file can't set back its `ctime`. */
const stateOf = ({dev, ino, size, mtimeNs, ctimeNs}: BigIntStats, sha256: string): string =>
	[dev, ino, size, mtimeNs, ctimeNs, sha256].join(' ');

const recall = (folder: string): Readonly<Record<string, string>> => {
	try {
		return remembered.parse(JSON.parse(readFileSync(path.join(folder, memory), 'utf8')));
	} catch {
		return {}; // all are reread
	}
};

const remember = (folder: string, verified: Readonly<Record<string, string>>): void => {
	try {
		writeFileAtomicSync(path.join(folder, memory), `${JSON.stringify(verified, undefined, '\t')}\n`);
	} catch {
		// a cache that can't be written is reread each time
	}
};

/** Reads 1 MiB at a time: the largest library has half a gigabyte. */
const hashOf = (library: string): string => {
	const hash = createHash('sha256');
	const piece = Buffer.allocUnsafe(1 << 20);
	const opened = openSync(library, 'r');
	try {
		for (let read = readSync(opened, piece); read > 0; read = readSync(opened, piece)) {
			hash.update(piece.subarray(0, read));
		}
	} finally {
		closeSync(opened);
	}

	return hash.digest('hex');
};
