import {createHash} from 'node:crypto';

/** Ten hex digits of a text's SHA-256: enough to notice an edit, no protection against a forger. */
export const checksum = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 10);
