import {readFileSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';
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

/**
 * What is wrong with a folder of the cache, as the end of a sentence about it; nothing where each library is there and
 * as long as it was. Takes no time: contents are not read.
 */
export const problemOf = (folder: string): string | undefined => {
	let text: string;
	try {
		text = readFileSync(path.join(folder, file), 'utf8');
	} catch {
		return 'is not there';
	}

	let libraries: Libraries;
	try {
		({libraries} = schema.parse(JSON.parse(text)));
	} catch {
		return `has a damaged ${file}`;
	}

	for (const [name, {bytes}] of Object.entries(libraries)) {
		const found = statSync(path.join(folder, 'lib', name), {throwIfNoEntry: false})?.size;
		if (found !== bytes) {
			return found === undefined ? `lacks ${name}` : `has ${name} with ${found} of ${bytes} bytes`;
		}
	}

	return undefined;
};
