import {existsSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {LadderError} from '../errors/index.js';
import {makeFolders} from '../errors/make-folders.js';
import {writing} from '../errors/writing.js';

/** The package's own, from dist/ts/ladder. */
const template = fileURLToPath(new URL('../../../templates/ladder', import.meta.url));

/**
 * Writes a small ladder that trains at once. Nothing that is there is overwritten, but what a call that was cut off has
 * begun to write.
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
	const files = names.map(name => ({place: path.join(folder, name), text: readFileSync(path.join(template, name))}));
	const there = files.filter(({place}) => existsSync(place));
	const isWhole = there.length === files.length && there.every(({place, text}) => isBegun(place, text) === 'whole');
	const inTheWay = isWhole ? there[0] : there.find(({place, text}) => !isBegun(place, text));
	if (inTheWay !== undefined) {
		const {place} = inTheWay;
		throw new LadderError(`${place} already exists, so nothing was written: choose another folder`, place);
	}

	writing(
		`a ladder in ${folder}`,
		folder,
		() => {
			for (const {place, text} of files) {
				makeFolders(path.dirname(place));
				writeFileSync(place, text, {flag: existsSync(place) ? 'w' : 'wx'}); // not through a link to nowhere
			}
		},
		'; choose another folder',
	);
	return files.map(({place}) => place);
};

/** Whether a file holds a text, or what a call that was cut off wrote of it. */
const isBegun = (file: string, text: Buffer): 'whole' | 'part' | false => {
	const written = statSync(file).isFile() ? readFileSync(file) : undefined;
	if (!written?.equals(text.subarray(0, written.length))) {
		return false;
	}

	return written.length === text.length ? 'whole' : 'part';
};
