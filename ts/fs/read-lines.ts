import {closeSync, fstatSync, openSync, readSync} from 'node:fs';

/** Bytes that are read at once: a string has at most 512 MiB. */
const part = 16 * 1024 * 1024;

/** The complete lines of a file from an offset on, and the offset after them. */
export type LinesRead = {readonly lines: readonly string[]; readonly next: number};

/**
 * Reads the complete lines of a file from an offset on. The last may be partly written: it is left for later.
 *
 * @throws the error of the system if the file can't be read
 */
export const readLines = (file: string, offset = 0): LinesRead => {
	const descriptor = openSync(file, 'r');
	try {
		const {size} = fstatSync(descriptor);
		const lines: string[] = [];
		let [next, rest] = [offset, Buffer.alloc(0)];
		for (let at = offset; at < size; ) {
			const bytes = Buffer.alloc(Math.min(part, size - at));
			const read = readSync(descriptor, bytes, 0, bytes.length, at);
			if (read === 0) {
				break; // it has become shorter
			}

			at += read;
			rest = Buffer.concat([rest, bytes.subarray(0, read)]);
			const length = rest.lastIndexOf(10) + 1;
			if (length > 0) {
				for (const line of rest.toString('utf8', 0, length - 1).split('\n')) {
					lines.push(line);
				}

				next += length;
				rest = rest.subarray(length);
			}
		}

		return {lines, next};
	} finally {
		closeSync(descriptor);
	}
};
