import {lstatSync, renameSync, rmSync, symlinkSync, unlinkSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';

/** The name of the link to the newest run, which no step may have. */
export const latest = 'latest';

/** Points the link to a run. A file or folder of that name stays, and a file system without links gets none. */
export const pointLatestTo = (folder: string, link: string): void => {
	const found = lstatSync(link, {throwIfNoEntry: false});
	if (found && !found.isSymbolicLink()) {
		return; // a user's, or the runs of a step that an earlier version let be called so
	}

	const beside = `${link}.${process.pid}`;
	try {
		const target = path.relative(path.dirname(link), folder);
		symlinkSync(process.platform === 'win32' ? folder : target, beside, 'junction');
		if (process.platform === 'win32') {
			unlinkSync(link); // a junction is not renamed over another
		}
	} catch {
		// the link does not exist yet, or can't be made
	}

	try {
		renameSync(beside, link);
	} catch {
		rmSync(beside, {force: true});
	}
};
