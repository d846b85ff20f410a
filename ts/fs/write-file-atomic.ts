import {closeSync, existsSync, fsyncSync, lstatSync, openSync, readdirSync, rmSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {sync as writeFileAtomicSync} from 'write-file-atomic';

/**
 * Writes a file beside its place and renames it there: it is whole or not there, and lasts through a power cut. What is no
 * file stays as it is, such as a device, or a link, which may lead out of the folder. For folders of the user's own
 * there is `writeUserFile`.
 *
 * @throws {Error} where something else than a file is there, and where the system refuses
 */
export const writeFileAtomic = (file: string, content: string): void => {
	checkWritable(file);
	writeFileAtomicSync(file, content);
	syncFolder(path.dirname(file));
};

/** @throws {Error} where something else than a file is in the place of one */
export const checkWritable = (file: string): void => {
	const found = lstatSync(file, {throwIfNoEntry: false});
	if (found && !found.isFile()) {
		throw new Error(
			`there is ${found.isSymbolicLink() ? 'a link' : 'something that is no file'} in its place; remove that`,
		);
	}
};

/**
 * Whether a name is what a process leaves that is killed while it writes one of these files by {@link writeFileAtomic}, or a file of
 * the trainer's.
 */
export const isPartialFile = (name: string, files: readonly string[]): boolean =>
	/^\.unfinished-|^\.tmp\w{6}$/.test(name) || (/\.\d+$/.test(name) && files.includes(name.replace(/\.\d+$/, '')));

/** Removes what is half written in a folder of these files. Nobody else may write there meanwhile. */
export const removePartialFiles = (folder: string, files: readonly string[]): void => {
	for (const name of existsSync(folder) ? readdirSync(folder) : []) {
		if (isPartialFile(name, files)) {
			rmSync(path.join(folder, name), {recursive: true, force: true});
		}
	}
};

/** Makes names in a folder last through a power cut. Windows opens no folders, and keeps their names by itself. */
export const syncFolder = (folder: string): void => {
	if (process.platform !== 'win32') {
		const descriptor = openSync(folder, 'r');
		try {
			fsyncSync(descriptor);
		} catch (error) {
			if (!unable.has((error as NodeJS.ErrnoException).code ?? '')) {
				throw error;
			}
		} finally {
			closeSync(descriptor);
		}
	}
};

/** What file systems say that sync files alone. */
const unable = new Set(['EINVAL', 'ENOTSUP', 'ENOSYS']);
