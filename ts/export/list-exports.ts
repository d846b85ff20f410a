import {existsSync} from 'node:fs';
import path from 'node:path';
import {DataError} from '../errors/index.js';
import {listFolder} from '../fs/list-folder.js';
import {type ExportEvidence, evidenceFile, readEvidence} from './export-file.js';

/** An export in a folder. */
export type ListedExport = {readonly folder: string; readonly evidence: ExportEvidence};

/**
 * Lists the exports in a folder: its own, or else those of its subfolders, by their names.
 *
 * @param unreadable receives the error of an export whose `export.json` can't be read
 * @throws {DataError} for a folder that can't be listed
 */
export const listExports = (root: string, unreadable: (error: DataError) => void): ListedExport[] => {
	const folders = [
		root,
		...listFolder(root)
			.toSorted()
			.map(name => path.join(root, name)),
	];
	return folders
		.filter(folder => existsSync(path.join(folder, evidenceFile)))
		.flatMap(folder => {
			try {
				return [{folder, evidence: readEvidence(folder)}];
			} catch (error) {
				if (!(error instanceof DataError)) {
					throw error;
				}

				unreadable(error);
				return [];
			}
		});
};
