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

/** What was unpacked into a folder of libtorch, by the names of the files in its `lib`. */
export type Libraries = Readonly<Record<string, {readonly bytes: number; readonly sha256: string}>>;

/** Writes down what a folder holds and what it was made of. */
export const writeManifest = (
	folder: string,
	manifest: {readonly version: string; readonly wheels: readonly PinnedWheel[]; readonly libraries: Libraries},
): void => {
	writeFileSync(path.join(folder, file), `${JSON.stringify(manifest, undefined, '\t')}\n`);
};

/** Where a folder remembers how its libraries stood on disk when their hashes were last right. */
const memory = 'verified.json';
const remembered = z.record(z.string(), z.string());

/**
 * What is wrong with a folder of the cache, as the end of a sentence about it; nothing where each library is there with the
 * bytes that it was unpacked with. A library is read once, and then again when its size, its times or its place on disk
 * have changed.
 *
 * @param anew whether all are read, whatever is remembered
 */
export const problemOf = (folder: string, {anew = false} = {}): string | undefined => {
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
		const place = path.join(folder, 'lib', name);
		const found = statSync(place, {throwIfNoEntry: false, bigint: true});
		if (!found?.isFile()) {
			return `lacks ${name}`;
		}

		if (found.size !== BigInt(bytes)) {
			return `has ${name} with ${found.size} of ${bytes} bytes`;
		}

		const stood = standing(found, sha256);
		if ((anew || known[name] !== stood) && hashOf(place) !== sha256) {
			return `has ${name} with other bytes than it came with`;
		}

		verified[name] = stood;
	}

	if (Object.entries(verified).some(([name, stood]) => known[name] !== stood)) {
		remember(folder, verified);
	}

	return undefined;
};

/** Of a folder that was never filled. */
export const missing = 'is not there';

/** The time of the last change of a file can't be set back by whoever writes to it. */
const standing = ({dev, ino, size, mtimeNs, ctimeNs}: BigIntStats, sha256: string): string =>
	[dev, ino, size, mtimeNs, ctimeNs, sha256].join(' ');

const recall = (folder: string): Readonly<Record<string, string>> => {
	try {
		return remembered.parse(JSON.parse(readFileSync(path.join(folder, memory), 'utf8')));
	} catch {
		return {}; // all are read again
	}
};

const remember = (folder: string, verified: Readonly<Record<string, string>>): void => {
	try {
		writeFileAtomicSync(path.join(folder, memory), `${JSON.stringify(verified, undefined, '\t')}\n`);
	} catch {
		// a cache that can't be written is read each time
	}
};

/** A piece at a time: the largest library is half a gigabyte. */
const hashOf = (place: string): string => {
	const hash = createHash('sha256');
	const piece = Buffer.allocUnsafe(1 << 20);
	const opened = openSync(place, 'r');
	try {
		for (let read = readSync(opened, piece); read > 0; read = readSync(opened, piece)) {
			hash.update(piece.subarray(0, read));
		}
	} finally {
		closeSync(opened);
	}

	return hash.digest('hex');
};
