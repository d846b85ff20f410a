import {rmdirSync} from 'node:fs';

/** Removes a folder if nothing is in it; one that is missing or that can't be removed stays as it is. */
export const removeIfEmpty = (folder: string): void => {
	try {
		rmdirSync(folder);
	} catch {}
};
