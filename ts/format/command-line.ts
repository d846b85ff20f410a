import path from 'node:path';
import process from 'node:process';

/** Returns a path relative to the working folder if it is inside it, else absolute. */
export const displayPath = (file: string): string => {
	const relative = path.relative(process.cwd(), file);
	return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative || '.';
};

/** Returns whether npm runs the script of this command: it does so in the package's folder, wherever the user is. */
export const startedByNpm = (): boolean =>
	process.env['npm_lifecycle_event'] === process.argv[2] && /^run\b/.test(process.env['npm_command'] ?? '');

/** Quotes a path for a shell if it contains spaces or special characters. */
export const shellQuote = (file: string): string => {
	if (/^[\p{L}\p{N}_./\\:~-]+$/u.test(file)) {
		return file;
	}

	return /["$`!]/.test(file) ? `'${file.replaceAll("'", "'\\''")}'` : `"${file}"`;
};
