import {lstatSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {LadderError} from '../errors/index.js';
import {makeFolders} from '../fs/make-folders.js';
import {wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {clearUnfinished, writeUserFile} from '../fs/write-user-file.js';

/** The package's own, from dist/ts/ladder. */
const template = fileURLToPath(new URL('../../../templates/ladder', import.meta.url));

/**
 * Writes a small ladder that can be trained at once. Overwrites no file, and completes an interrupted call.
 *
 * @returns the files of the ladder
 * @throws {LadderError} if one of them exists with other content, or all of them exist
 * @throws {WriteError}
 */
export const initLadder = (folder: string): string[] => {
	const names = readdirSync(template, {recursive: true, withFileTypes: true})
		.filter(entry => entry.isFile())
		.map(entry => path.relative(template, path.join(entry.parentPath, entry.name)))
		.toSorted();
	const files = names.map(name => ({
		file: path.join(folder, name),
		text: readFileSync(path.join(template, name), 'utf8'),
	}));
	for (const parent of new Set(files.map(({file}) => path.dirname(file)))) {
		clearUnfinished(parent);
	}

	const existing = files.filter(({file}) => lstatSync(file, {throwIfNoEntry: false}));
	const conflict =
		existing.length === files.length ? existing[0] : existing.find(({file, text}) => !hasText(file, text));
	if (conflict !== undefined) {
		const {file} = conflict;
		throw new LadderError(`${file} already exists, so nothing was written: choose another folder`, file);
	}

	wrapWriteErrors(
		`a ladder in ${folder}`,
		folder,
		() => {
			for (const {file, text} of files.filter(entry => !existing.includes(entry))) {
				makeFolders(path.dirname(file));
				writeUserFile(file, text);
			}
		},
		'; choose another folder',
	);
	return files.map(({file}) => file);
};

const hasText = (file: string, text: string): boolean =>
	lstatSync(file).isFile() && readFileSync(file, 'utf8') === text;
