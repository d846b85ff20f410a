import {cpSync, existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {execa} from 'execa';
import {libtorchFolder} from '../../ts/libtorch/libtorch-folder.js';
import {main} from './cli.js';
import {type Ending, temporaryFolder} from './folder.js';

/** libtorch is too large for a test's own cache: it is used from the set-up's. */
const libtorch = existsSync(libtorchFolder()) ? {LIBTORCH: libtorchFolder()} : {};

const noScript = {npm_lifecycle_event: '', npm_command: ''};

/** A folder outside the clone with a user's own ladder. */
export class OwnLadder {
	readonly folder: string;

	constructor(t: Ending, files: Readonly<Record<string, string>> = {}) {
		this.folder = temporaryFolder(t);
		for (const [file, text] of Object.entries(files)) {
			this.write(file, text);
		}
	}

	/** Runs the command line there, with its own cache, on this Node or another. */
	async run(commandArguments: readonly string[], {node = process.execPath, cwd = '.', script = main, env = {}} = {}) {
		const {stdout, stderr, exitCode} = await execa(node, [script, ...commandArguments], {
			...{reject: false, cwd: path.join(this.folder, cwd), timeout: 240_000},
			env: {STEPLADDER_CACHE: path.join(this.folder, '.cache'), ...libtorch, ...noScript, ...env},
		});
		return {stdout: String(stdout), stderr: String(stderr), exitCode};
	}

	read(file: string): string {
		return readFileSync(path.join(this.folder, file), 'utf8');
	}

	write(file: string, content: string | Uint8Array): void {
		const place = path.join(this.folder, file);
		mkdirSync(path.dirname(place), {recursive: true});
		writeFileSync(place, content);
	}

	copy(from: string, to: string): void {
		cpSync(path.join(this.folder, from), path.join(this.folder, to), {recursive: true});
	}
}
