import {mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/**
 * Calls a function with a folder: the given one, or else a temporary one, which is removed afterwards.
 *
 * @param prefix of the temporary folder's name
 */
export const inFolder = async <Value>(
	given: string | undefined,
	prefix: string,
	work: (folder: string) => Promise<Value>,
): Promise<Value> => {
	if (given !== undefined) {
		return work(given);
	}

	const temporary = mkdtempSync(path.join(os.tmpdir(), prefix));
	try {
		return await work(temporary);
	} finally {
		rmSync(temporary, {recursive: true, force: true});
	}
};
