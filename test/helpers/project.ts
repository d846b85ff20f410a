import {cpSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type {ExecutionContext} from 'ava';
import {execa} from 'execa';
import {main, root} from './cli.js';
import {temporaryFolder} from './folder.js';

/** A copy of the MNIST ladder that a test may change: definition, steps, records and README. */
export class Project {
	readonly folder: string;

	constructor(t: ExecutionContext) {
		this.folder = temporaryFolder(t);
		symlinkSync(path.join(root, 'node_modules'), path.join(this.folder, 'node_modules'));
		cpSync(path.join(root, 'ladders', 'mnist'), this.folder, {recursive: true});
	}

	/** Starts the command line there. */
	start(...commandArguments: string[]) {
		return execa(process.execPath, [main, ...commandArguments], {
			...{reject: false, cwd: this.folder, timeout: 240_000},
		});
	}

	/** Reads a file. */
	read(file: string): string {
		return readFileSync(path.join(this.folder, file), 'utf8');
	}

	/** Writes a file. */
	write(file: string, text: string): void {
		writeFileSync(path.join(this.folder, file), text);
	}

	/** Replaces the match of a pattern, which must exist. */
	edit(file: string, pattern: RegExp | string, replacement: string): void {
		const before = this.read(file);
		const after = before.replace(pattern, replacement);
		if (after === before) {
			throw new Error(`nothing in ${file} is like ${String(pattern)}`);
		}

		this.write(file, after);
	}
}
