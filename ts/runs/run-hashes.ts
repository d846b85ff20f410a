import path from 'node:path';
import {sha256} from '../fs/hash.js';
import {readTextFile} from '../fs/read-text-file.js';

// Apart from `finished-run.ts`, because `stepladder runs` has to start without zod.

/** The files whose hashes are in `result.json`, so that a change of theirs is found. */
export const hashedFiles = ['config.json', 'events.jsonl', 'predictions.json'] as const;

/** Returns the hash of a run's file. */
export const fileHash = (folder: string, file: string): string => sha256(readTextFile(path.join(folder, file)));

/**
 * Returns the first file of a finished run that has changed since it was written, by the hashes in `result.json`; `undefined`
 * if there is none.
 *
 * @throws {Error} if one can't be read
 */
export const changedFile = (folder: string): string | undefined => {
	const {hash, ...rest} = JSON.parse(readTextFile(path.join(folder, 'result.json')));
	return hash === sha256(JSON.stringify(rest))
		? hashedFiles.find(file => rest.hashes[file] !== fileHash(folder, file))
		: 'result.json';
};
