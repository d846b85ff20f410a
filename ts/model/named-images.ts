import type {Dirent} from 'node:fs';
import {readdir, realpath} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {glob, isDynamicPattern} from 'tinyglobby';
import {compareImages, compareText, isImage} from '../data/image-folder/list-images.js';
import {ImageError} from '../errors/index.js';
import {fileType} from '../fs/file-type.js';
import {idxRows, isIdxName} from './idx-rows.js';
import {type ModelInput, type PredictOptions, readImage, type UnreadImage} from './read-image.js';

/**
 * Lists the images that were named: files, folders with all that is below them, patterns such as `photos/*.jpg`, rows of an IDX
 * file, or the bytes of a file. Images of a folder stand in the order of the last number in their names, folder by folder. A name
 * without images becomes an image that can't be read.
 */
export async function* namedImages(
	images: Iterable<string | Uint8Array>,
	model: ModelInput,
	options: PredictOptions,
): AsyncGenerator<UnreadImage, void> {
	for (const image of images) {
		if (typeof image === 'string' && isIdxName(image)) {
			yield* idxRows(image, model, options);
			continue;
		}

		try {
			for await (const file of typeof image === 'string' ? filesOf(image) : [image]) {
				yield {image: file, read: async () => readImage(file, model, options)};
			}
		} catch (error) {
			yield {
				image,
				async read() {
					throw error;
				},
			};
		}
	}
}

/** @throws {ImageError} for a folder or a pattern without images, and for a folder that can't be listed */
async function* filesOf(name: string): AsyncGenerator<string, void> {
	const type = name.includes('\0') ? 'nothing' : fileType(name);
	const isPattern = type === 'nothing' && isDynamicPattern(asPattern(name));
	if (type !== 'a folder' && !isPattern) {
		yield name; // reading it says what is wrong
		return;
	}

	let count = 0;
	const files: AsyncIterable<string> | string[] = isPattern ? await filesLike(name) : filesBelow(name, new Set());
	for await (const file of files) {
		count += 1;
		yield file;
	}

	if (count === 0) {
		const where = isPattern ? 'that match the pattern' : 'in the folder or below it';
		throw new ImageError(`${name}: expected images such as PNG, JPEG or WebP ${where}; found none`, name);
	}
}

/** Lists the images of a folder, then those of its folders, each folder once even where links go round. */
async function* filesBelow(folder: string, seen: Set<string>): AsyncGenerator<string, void> {
	const real = await realpath(folder);
	if (seen.has(real)) {
		return;
	}

	seen.add(real);
	const files: string[] = [];
	const folders: string[] = [];
	for (const entry of await listing(folder)) {
		const place = path.join(folder, entry.name);
		if (entry.name.startsWith('.')) {
			continue;
		}

		if (entry.isDirectory() || (entry.isSymbolicLink() && fileType(place) === 'a folder')) {
			folders.push(place);
		} else if (isImage(entry.name)) {
			files.push(place);
		}
	}

	yield* files.sort(compareImages);
	for (const below of folders.sort(compareText)) {
		yield* filesBelow(below, seen);
	}
}

const listing = async (folder: string): Promise<Dirent[]> => {
	try {
		return await readdir(folder, {withFileTypes: true});
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		throw new ImageError(`${folder}: expected a folder that can be listed (${reason})`, folder);
	}
};

/** Lists the images that match a pattern, folder by folder. */
const filesLike = async (name: string): Promise<string[]> => {
	const files = await glob(asPattern(name), {absolute: path.isAbsolute(name), expandDirectories: false});
	const images = files.map(file => path.normalize(file)).filter(file => isImage(path.basename(file)));
	return images.sort((a, b) => compareText(path.dirname(a), path.dirname(b)) || compareImages(a, b));
};

/** A pattern has slashes on Windows, too. */
const asPattern = (name: string): string => (process.platform === 'win32' ? name.replaceAll('\\', '/') : name);
