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
 * Writes a small ladder that trains at once. Nothing that is there is overwritten; what a call that was cut off has
 * written stays as it is.
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
	const files = names.map(name => ({
		place: path.join(folder, name),
		text: readFileSync(path.join(template, name), 'utf8'),
	}));
	for (const place of new Set(files.map(file => path.dirname(file.place)))) {
		clearUnfinished(place);
	}

	const there = files.filter(({place}) => lstatSync(place, {throwIfNoEntry: false}));
	const inTheWay = there.length === files.length ? there[0] : there.find(({place, text}) => !holds(place, text));
	if (inTheWay !== undefined) {
		const {place} = inTheWay;
		throw new LadderError(`${place} already exists, so nothing was written: choose another folder`, place);
	}

	wrapWriteErrors(
		`a ladder in ${folder}`,
		folder,
		() => {
			for (const {place, text} of files.filter(file => !there.includes(file))) {
				makeFolders(path.dirname(place));
				writeUserFile(place, text);
			}
		},
		'; choose another folder',
	);
	return files.map(({place}) => place);
};

const holds = (file: string, text: string): boolean => lstatSync(file).isFile() && readFileSync(file, 'utf8') === text;
