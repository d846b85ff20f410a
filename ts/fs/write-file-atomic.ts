import {closeSync, existsSync, fsyncSync, lstatSync, openSync, readdirSync, rmSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {sync as writeFileAtomicSync} from 'write-file-atomic';

/**
 * Writes a file under a temporary name and renames it: it is complete or missing, also after a power cut. A device or a
 * link, which may lead out of the folder, is not replaced. For a user's own folders there is `writeUserFile`.
 *
 * @throws {Error} if something other than a file has its name, or the system refuses
 */
export const writeFileAtomic = (file: string, content: string): void => {
	checkWritable(file);
	writeFileAtomicSync(file, content);
	syncFolder(path.dirname(file));
};

/** Something other than a file has the name of a file that is to be written. */
export class InTheWay extends Error {}

/** @throws {InTheWay} if something other than a file has this name */
export const checkWritable = (file: string): void => {
	const found = lstatSync(file, {throwIfNoEntry: false});
	if (found && !found.isFile()) {
		throw new InTheWay(
			`there is ${found.isSymbolicLink() ? 'a link' : 'something that is no file'} in its place; remove that`,
		);
	}
};

/**
 * Whether a name is that of a temporary file that a killed process left: of {@link writeFileAtomic} for one of `files`, or of
 * the trainer.
 */
export const isPartialFile = (name: string, files: readonly string[]): boolean =>
	/^\.unfinished-|^\.tmp\w{6}$/.test(name) || (/\.\d+$/.test(name) && files.includes(name.replace(/\.\d+$/, '')));

/** Removes the partial files of a folder, which no other process may write to meanwhile. */
export const removePartialFiles = (folder: string, files: readonly string[]): void => {
	for (const name of existsSync(folder) ? readdirSync(folder) : []) {
		if (isPartialFile(name, files)) {
			rmSync(path.join(folder, name), {recursive: true, force: true});
		}
	}
};

/** Syncs the names in a folder to disk. Windows opens no folders, and syncs names by itself. */
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

/** Codes of file systems that sync only files. */
const unable = new Set(['EINVAL', 'ENOTSUP', 'ENOSYS']);
