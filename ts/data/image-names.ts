import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {z} from 'zod';

const fileName = 'names.json';
const names = z.object({
	train: z.array(z.string()),
	validation: z.array(z.string()).default([]),
	test: z.array(z.string()),
});

/** The names of image files, set by set in the order of the images, relative to the folder of their source. */
export type ImageNames = z.infer<typeof names>;

/** Writes the names of images beside the IDX files that hold them. */
export const writeImageNames = (folder: string, given: ImageNames): void => {
	writeFileSync(path.join(folder, fileName), `${JSON.stringify(given)}\n`, {flush: true});
};

/** Reads the names of images; `undefined` where IDX files have none, or another number of them. */
export const readImageNames = (folder: string, test: number): ImageNames | undefined => {
	try {
		const found = names.parse(JSON.parse(readFileSync(path.join(folder, fileName), 'utf8')));
		return found.test.length === test ? found : undefined;
	} catch {
		return undefined; // only names for people: no file, or an older entry of the cache
	}
};
