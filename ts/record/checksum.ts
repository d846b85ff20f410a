import {sha256} from '../text/sha256.js';

/** Ten hex digits of a text's SHA-256: enough to name what was edited, no protection against a forger. */
export const checksum = (text: string): string => sha256(text).slice(0, 10);

/** JSON with keys in one order, whatever wrote them. */
export const json = (value: unknown): string =>
	JSON.stringify(value, (_, entry: unknown) =>
		typeof entry === 'object' && entry !== null && !Array.isArray(entry)
			? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
			: entry,
	);
