import path from 'node:path';
import {fileURLToPath} from 'node:url';
import type {Place} from '../steps/index.js';

/** The project, from dist/ts/record. */
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Where a step's record is kept. */
export const recordFolder = ({base}: Place): string => path.join(root, 'records', base);

/** The source of a step, with its text block. */
export const sourceFile = ({base}: Place): string => path.join(root, 'ts', 'steps', `${base}.ts`);

/** The page with the table of the ladder. */
export const readme = path.join(root, 'README.md');

/** As a person would type it from the project's folder. */
export const shown = (file: string): string => path.relative(root, file);
