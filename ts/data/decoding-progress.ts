import {readFileSync} from 'node:fs';
import path from 'node:path';
import {z} from 'zod';
import {writeFileAtomic} from '../fs/write-file-atomic.js';

const shape = z.strictObject({
	/** Files decoded, from the first: training, validation, then test images. */
	done: z.int().min(0),
	/** Those of them that were left out as damaged. */
	damaged: z.array(z.string()),
	/** Those with an unusual file, and what is unusual. */
	unusual: z.array(z.string()),
	/** Images of 16 bits. */
	deep: z.int().min(0),
	/** Images of 16 bits that use few of them. */
	dim: z.int().min(0),
});

/** How far the decoding of a folder's images went. What follows from it and the list of files is left out. */
export type DecodingProgress = z.infer<typeof shape>;

/** The file beside the decoded images, removed when all are there. */
export const progressFile = 'progress.json';

/** Reads how far an interrupted decoding went; `undefined` if there was none, or its file is damaged. */
export const readProgress = (folder: string): DecodingProgress | undefined => {
	try {
		return shape.parse(JSON.parse(readFileSync(path.join(folder, progressFile), 'utf8')));
	} catch {
		return undefined;
	}
};

/** Saves how far decoding went. The images have to be on disk. */
export const saveProgress = (folder: string, progress: DecodingProgress): void =>
	writeFileAtomic(path.join(folder, progressFile), `${JSON.stringify(progress)}\n`);
