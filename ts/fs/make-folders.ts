import {existsSync, mkdirSync} from 'node:fs';
import path from 'node:path';

/** Makes a folder with all above it. Node's own `recursive` never returns where the system will not have any, as in /proc. */
export const makeFolders = (folder: string): void => {
	if (!existsSync(folder)) {
		makeFolders(path.dirname(folder));
		try {
			mkdirSync(folder);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
				throw error; // nobody else made it in the meantime either
			}
		}
	}
};
