import path from 'node:path';
import process from 'node:process';

/** A file as a person in the working folder would type it: relative where it lies within, absolute elsewhere. */
export const displayPath = (file: string): string => {
	const relative = path.relative(process.cwd(), file);
	return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative || '.';
};

/** Whether npm's own script of this command is running: npm runs it in the package's folder, wherever the person is. */
export const startedByNpm = (): boolean =>
	process.env['npm_lifecycle_event'] === process.argv[2] && /^run\b/.test(process.env['npm_command'] ?? '');

/** A path as it is typed in a command line: in quotes where a shell would take it apart, or do what it says. */
export const shellQuote = (file: string): string => {
	if (/^[\p{L}\p{N}_./\\:~-]+$/u.test(file)) {
		return file;
	}

	return /["$`!]/.test(file) ? `'${file.replaceAll("'", "'\\''")}'` : `"${file}"`;
};
