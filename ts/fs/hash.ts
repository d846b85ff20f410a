import {createHash} from 'node:crypto';

/** Ten hex digits of a text's SHA-256: enough to name what was edited, no protection against a forger. */
export const checksum = (text: string): string => sha256(text).slice(0, 10);

/** JSON with keys in one order, whatever wrote them. */
export const canonicalJson = (value: unknown): string =>
	JSON.stringify(value, (_, entry: unknown) =>
		typeof entry === 'object' && entry !== null && !Array.isArray(entry)
			? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
			: entry,
	);

/** The SHA-256 of a text, in hex. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
