import {readFileSync} from 'node:fs';
import path from 'node:path';
import {sha256} from '../fs/hash.js';

// Apart from `finished-run.ts`, so that `stepladder runs` starts without zod.

/** The files whose hashes are in `result.json`, so that changes are found. */
export const hashedFiles = ['config.json', 'events.jsonl', 'predictions.json'] as const;

/** Returns the hash of a run's file. */
export const fileHash = (folder: string, file: string): string => sha256(readFileSync(path.join(folder, file), 'utf8'));

/**
 * Returns the first file of a finished run whose hash is not the one in `result.json`; `undefined` if there is none.
 *
 * @throws {Error} if one can't be read
 */
export const changedFile = (folder: string): string | undefined => {
	const {hash: written, ...rest} = JSON.parse(readFileSync(path.join(folder, 'result.json'), 'utf8'));
	return written === sha256(JSON.stringify(rest))
		? hashedFiles.find(file => rest.hashes[file] !== fileHash(folder, file))
		: 'result.json';
};
