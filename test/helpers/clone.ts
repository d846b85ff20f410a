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

/** Reads a text of the project, with Unix line ends. */
export const textOf = (file: string): string => readFileSync(path.join(root, file), 'utf8').replaceAll('\r\n', '\n');

/** A copy of the files that the release scripts read and write, for tests that change them. */
export class Clone {
	readonly folder: string;

	constructor(t: ExecutionContext) {
		this.folder = temporaryFolder(t);
		for (const entry of [
			'.changeset',
			'Cargo.lock',
			'Cargo.toml',
			'CHANGELOG.md',
			'docs',
			...readdirSync(path.join(root, 'examples'))
				.map(name => `examples/${name}/package.json`)
				.filter(file => existsSync(path.join(root, file))),
			'package-lock.json',
			'ts',
		]) {
			cpSync(path.join(root, entry), path.join(this.folder, entry), {recursive: true});
		}

		cpSync(path.join(root, 'package.json'), path.join(this.folder, 'package.json'));
		cpSync(path.join(root, 'scripts'), path.join(this.folder, 'scripts'), {recursive: true});
		for (const name of ['crates', 'node_modules']) {
			symlinkSync(path.join(root, name), path.join(this.folder, name), 'junction');
		}
	}

	/** Runs one of its scripts to its end. */
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
