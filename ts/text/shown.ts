import path from 'node:path';
import process from 'node:process';

/** A file as a person in the working folder would type it: relative where it lies within, absolute elsewhere. */
export const shown = (file: string): string => {
	const relative = path.relative(process.cwd(), file);
	return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative || '.';
};
