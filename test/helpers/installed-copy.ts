import {createHash} from 'node:crypto';
import {copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type {ExecutionContext} from 'ava';
import {execa} from 'execa';
import {packageVersion} from '../../ts/platform/package-root.js';
import {thisPlatform} from '../../ts/platform/platform.js';
import {root} from './cli.js';
import {temporaryFolder} from './folder.js';

/** A copy of the package in a node_modules folder, with this platform's addon beside it. */
export class InstalledCopy {
	readonly folder: string;

	constructor(t: ExecutionContext) {
		this.folder = temporaryFolder(t);
		const library = path.join(this.folder, 'node_modules', 'stepladder');
		for (const place of ['dist/ts', 'templates', 'package.json']) {
			cpSync(path.join(root, place), path.join(library, place), {recursive: true});
		}

		symlinkSync(path.join(root, 'node_modules'), path.join(library, 'node_modules'));
		this.addPackage(thisPlatform(), addonIn('addon'));
	}

	/** Puts an addon's package beside the library. */
	addPackage(name: string, addon: string, version = packageVersion()): void {
		const folder = path.join(this.folder, 'node_modules', '@stepladder', name);
		mkdirSync(folder, {recursive: true});
		const sha256 = createHash('sha256').update(readFileSync(addon)).digest('hex');
		const about = {name: `@stepladder/${name}`, version, main: 'stepladder.node', sha256};
		writeFileSync(path.join(folder, 'package.json'), JSON.stringify(about));
		copyFileSync(addon, path.join(folder, 'stepladder.node'));
	}

	/** Runs the command line there, with any exit code; without LIBTORCH, and with a cache of its own unless `env` names one. */
	async run(commandArguments: readonly string[], env: NodeJS.ProcessEnv = {}) {
		const main = path.join(this.folder, 'node_modules', 'stepladder', 'dist', 'ts', 'cli', 'main.js');
		return execa(process.execPath, [main, ...commandArguments], {
			...{reject: false, cwd: this.folder, stdin: 'ignore', timeout: 240_000},
			env: {STEPLADDER_CACHE: path.join(this.folder, 'cache'), LIBTORCH: '', ...env},
		});
	}
}

/** Returns an addon that this clone has built. */
export const addonIn = (name: 'addon' | 'addon-torch'): string => {
	const folder = path.join(root, 'build', name);
	return path.join(folder, readdirSync(folder).find(file => file.endsWith('.node')) ?? '');
};
