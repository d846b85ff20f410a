import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {shellQuote} from '../../ts/format/command-line.js';
import {mnistFolder} from './mnist-folder.js';

/** The project, from dist/test/helpers */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The compiled command line. */
export const main = path.join(root, 'dist', 'ts', 'cli', 'main.js');

/** A hint of the clone's command line, as it is typed in a folder outside the clone. */
export const hintElsewhere = (command: string, rest = ''): string =>
	`npm run --prefix ${shellQuote(path.resolve(root))} ${command}${rest && ` -- ${rest}`}`;

/** Runs the command line to its end, with any exit code; trains a step of a copy of the MNIST ladder. */
export const cli = async (...commandArguments: string[]) =>
	execa(process.execPath, [main, ...onCopy(commandArguments)], {reject: false, cwd: root, timeout: 240_000});

/** Adds the copy of the MNIST ladder to a command that trains a step of it, so that the project's own ledger does not note it. */
export const onCopy = (words: readonly string[]): string[] =>
	words[0] === 'train' && !words.includes('--resume') ? [...words, '--ladder', mnistFolder()] : [...words];
