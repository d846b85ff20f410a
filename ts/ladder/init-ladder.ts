import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {LadderError} from '../errors/index.js';
import {makeFolders} from '../errors/make-folders.js';
import {writing} from '../errors/writing.js';

/** The package's own, from dist/ts/ladder. */
const template = fileURLToPath(new URL('../../../templates/ladder', import.meta.url));

/**
 * Writes a small ladder that trains at once. Nothing that is there is overwritten.
 *
 * @returns the files, as they were written
 * @throws {LadderError} where one of them is there already
 * @throws {WriteError}
 */
export const initLadder = (folder: string): string[] => {
	const names = readdirSync(template, {recursive: true, withFileTypes: true})
		.filter(entry => entry.isFile())
		.map(entry => path.relative(template, path.join(entry.parentPath, entry.name)))
		.toSorted();
	const files = names.map(name => path.join(folder, name));
	const inTheWay = files.find(file => existsSync(file));
	if (inTheWay !== undefined) {
		throw new LadderError(`${inTheWay} is there already, and nothing was written: choose another folder`, inTheWay);
	}

	writing(
		`a ladder in ${folder}`,
		folder,
		() => {
			for (const [index, file] of files.entries()) {
				makeFolders(path.dirname(file));
				writeFileSync(file, readFileSync(path.join(template, names[index] ?? '')), {flag: 'wx'});
			}
		},
		'; choose another folder',
	);
	return files;
};
