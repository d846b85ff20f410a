import {closeSync, fsyncSync, openSync, writeFileSync} from 'node:fs';

/** Appends to a file, which is made if it is missing, and flushes it to disk. */
export const appendToFile = (file: string, content: string | Uint8Array): void => {
	const descriptor = openSync(file, 'a');
	try {
		writeFileSync(descriptor, content);
		fsyncSync(descriptor);
	} finally {
		closeSync(descriptor);
	}
};
