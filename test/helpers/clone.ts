import {cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {pathToFileURL} from 'node:url';
import type {ExecutionContext} from 'ava';
import {execa} from 'execa';
import {root} from './cli.js';
import {temporaryFolder} from './folder.js';

/** Imports one of the project's scripts, which are plain JavaScript. */
export const script = async (file: string) => import(pathToFileURL(path.join(root, 'scripts', file)).href);

/** A text of the project, with the line ends of Unix. */
export const textOf = (file: string): string => readFileSync(path.join(root, file), 'utf8').replaceAll('\r\n', '\n');

/** A copy of what the scripts for releases read and write, for tests that change it. */
export class Clone {
	readonly folder: string;

	constructor(t: ExecutionContext) {
		this.folder = temporaryFolder(t);
		for (const place of [
			'.changeset',
			'Cargo.lock',
			'Cargo.toml',
			'CHANGELOG.md',
			'docs',
			...readdirSync(path.join(root, 'examples'))
				.map(name => `examples/${name}/package.json`)
				.filter(file => existsSync(path.join(root, file))),
			'package-lock.json',
			'ts/machine',
			'ts/format/vega.ts',
		]) {
			cpSync(path.join(root, place), path.join(this.folder, place), {recursive: true});
		}

		cpSync(path.join(root, 'package.json'), path.join(this.folder, 'package.json'));
		cpSync(path.join(root, 'scripts'), path.join(this.folder, 'scripts'), {recursive: true});
		for (const place of ['crates', 'node_modules']) {
			symlinkSync(path.join(root, place), path.join(this.folder, place), 'junction');
		}
	}

	/** Runs one of its scripts, and waits for the end. */
	async run(commandLine: readonly string[], env: Readonly<Record<string, string>> = {}) {
		const [file = '', ...rest] = commandLine;
		return execa(process.execPath, [path.join('scripts', file), ...rest], {
			...{cwd: this.folder, reject: false, timeout: 240_000, env},
		});
	}

	read(file: string): string {
		return readFileSync(path.join(this.folder, file), 'utf8');
	}

	write(file: string, text: string): void {
		writeFileSync(path.join(this.folder, file), text);
	}
}
