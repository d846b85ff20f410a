import {sha256} from '../text/sha256.js';

/** Ten hex digits of a text's SHA-256: enough to name what was edited, no protection against a forger. */
export const checksum = (text: string): string => sha256(text).slice(0, 10);
