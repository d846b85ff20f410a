import {existsSync, mkdirSync} from 'node:fs';
import path from 'node:path';

/** Makes a folder and its parents. Node's own `recursive` never returns below /proc, which `--out` may name. */
export const makeFolders = (folder: string): void => {
	if (!existsSync(folder)) {
		makeFolders(path.dirname(folder));
		try {
			mkdirSync(folder);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
				throw error;
			}
		}
	}
};
