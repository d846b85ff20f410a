import {existsSync} from 'node:fs';
import path from 'node:path';
import type {LedgerLine} from './events.js';
import {fileHash} from './ledger.js';

/**
 * Returns whether the files of a record or sweep stood, as they are, when its ladder's ledger was opened; or there is no ledger.
 *
 * @param folder of the record or sweep, below the ladder's `records`
 * @param names of the files that it may have
 */
export const stoodBefore = (
	lines: readonly LedgerLine[],
	ladder: string,
	folder: string,
	names: readonly string[],
): boolean => {
	const [opened] = lines;
	if (opened?.event !== 'opened') {
		return true;
	}

	const listed = new Map(Object.entries(opened.files).map(([file, hash]) => [unnumbered(file), hash]));
	const place = path.relative(path.join(ladder, 'records'), folder).replaceAll(path.sep, '/');
	return names
		.filter(name => existsSync(path.join(folder, name)))
		.every(name => listed.get(unnumbered(`${place}/${name}`)) === fileHash(path.join(folder, name)));
};

/** Drops the number of a step's folder, which may have changed since. */
const unnumbered = (file: string): string => file.replace(/^\d+-/, '');
