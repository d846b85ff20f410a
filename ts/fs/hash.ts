import {createHash} from 'node:crypto';

/** Returns ten hex digits of a text's SHA-256: enough to find an edited line, no protection against a forger. */
export const checksum = (text: string): string => sha256(text).slice(0, 10);

/** Returns JSON with sorted keys. */
export const canonicalJson = (value: unknown): string =>
	JSON.stringify(value, (_, entry: unknown) =>
		typeof entry === 'object' && entry !== null && !Array.isArray(entry)
			? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
			: entry,
	);

/** Returns the SHA-256 of a text, in hex. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
