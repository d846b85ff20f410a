import {cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type {ExecutionContext} from 'ava';
import {execa} from 'execa';
import {root} from './cli.js';
import {temporaryFolder} from './folder.js';

/** A copy of the project that a test may change: compiled code, steps, records and README. */
export class Project {
	readonly folder: string;

	constructor(t: ExecutionContext) {
		this.folder = temporaryFolder(t);
		for (const place of ['build', 'node_modules', 'package.json']) {
			symlinkSync(path.join(root, place), path.join(this.folder, place));
		}

		mkdirSync(path.join(this.folder, 'dist'));
		for (const place of ['dist/ts', 'ts/steps', 'records', 'README.md']) {
			cpSync(path.join(root, place), path.join(this.folder, place), {recursive: true});
		}
	}

	/** Runs its command line, without waiting for the end. */
	start(...commandArguments: string[]) {
		const main = path.join(this.folder, 'dist', 'ts', 'cli', 'main.js');
		return execa(process.execPath, [main, ...commandArguments], {
			...{reject: false, cwd: this.folder, timeout: 240_000},
		});
	}

	/** A file's text. */
	read(file: string): string {
		return readFileSync(path.join(this.folder, file), 'utf8');
	}

	/** Writes a file. */
	write(file: string, text: string): void {
		writeFileSync(path.join(this.folder, file), text);
	}

	/** Replaces what a pattern finds, which must be there. */
	edit(file: string, pattern: RegExp | string, replacement: string): void {
		const before = this.read(file);
		const after = before.replace(pattern, replacement);
		if (after === before) {
			throw new Error(`nothing in ${file} is like ${String(pattern)}`);
		}

		this.write(file, after);
	}
}
