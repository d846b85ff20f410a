import {cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type {ExecutionContext} from 'ava';
import {execa} from 'execa';
import {temporaryFolder} from './folder.js';

/** npm's own script, which need not be on PATH. */
const npm = process.env['npm_execpath'];

type RunOptions = {
	readonly cwd?: string;
	/** @default this Node */
	readonly node?: string;
	readonly env?: NodeJS.ProcessEnv;
	/** The number of the user. */
	readonly user?: number;
};

/** A folder that packages are installed into from the tests' registry, with only Node and a shell on `PATH`. */
export class Installed {
	readonly folder: string;
	/** The user's home, empty at first. */
	readonly home: string;
	readonly #bin: string;

	constructor(t: ExecutionContext, {name = 'app', packageJson = {}}: {name?: string; packageJson?: object} = {}) {
		const place = temporaryFolder(t);
		this.folder = path.join(place, name);
		this.home = path.join(place, 'home');
		this.#bin = path.join(place, 'bin');
		for (const folder of [this.folder, this.home, this.#bin]) {
			mkdirSync(folder);
		}

		symlinkSync(process.execPath, path.join(this.#bin, 'node'));
		symlinkSync('/bin/sh', path.join(this.#bin, 'sh')); // npx starts commands by a shell
		this.write('package.json', JSON.stringify({private: true, ...packageJson}));
		const npmrc = readFileSync(process.env['STEPLADDER_TEST_NPMRC'] ?? '', 'utf8');
		writeFileSync(path.join(this.home, '.npmrc'), npmrc);
	}

	/** A folder with `stepladder` installed. It is installed once for all tests of a file, each of which has a copy. */
	static async library(t: ExecutionContext): Promise<Installed> {
		const app = new Installed(t);
		library ??= installLibrary(app);
		cpSync(await library, app.at('node_modules'), {recursive: true, verbatimSymlinks: true});
		return app;
	}

	/** Runs `npm`, with any exit code. */
	async npm(commandArguments: readonly string[], options: RunOptions = {}) {
		if (npm === undefined) {
			throw new Error('these tests need npm: start them by `npm run test:packages`');
		}

		return this.run(npm, commandArguments, options);
	}

	/** Runs the command line that was installed. */
	async stepladder(commandArguments: readonly string[], options: RunOptions = {}) {
		return this.run(
			path.join(this.folder, 'node_modules', 'stepladder', 'dist', 'ts', 'cli', 'main.js'),
			commandArguments,
			options,
		);
	}

	/** Runs a script in Node. */
	async run(script: string, commandArguments: readonly string[], {cwd = '.', node, env, user}: RunOptions = {}) {
		const {stdout, stderr, exitCode} = await execa(
			node ?? path.join(this.#bin, 'node'),
			[script, ...commandArguments],
			{
				...{cwd: path.join(this.folder, cwd), reject: false, timeout: 240_000, stdin: 'ignore', extendEnv: false},
				env: {PATH: this.#bin, HOME: this.home, ...certificates, ...env},
				...(user !== undefined && {uid: user, gid: user}),
			},
		);
		return {stdout: String(stdout), stderr: String(stderr), exitCode};
	}

	write(file: string, content: string | Uint8Array): void {
		const place = path.join(this.folder, file);
		mkdirSync(path.dirname(place), {recursive: true});
		writeFileSync(place, content);
	}

	/** Returns the path of a file in the folder. */
	at(...parts: string[]): string {
		return path.join(this.folder, ...parts);
	}
}

let library: Promise<string> | undefined;

const installLibrary = async (app: Installed): Promise<string> => {
	const {exitCode, stderr} = await app.npm(['install', 'stepladder']);
	if (exitCode !== 0) {
		throw new Error(stderr);
	}

	const kept = mkdtempSync(path.join(os.tmpdir(), 'stepladder-installed-'));
	process.once('exit', () => rmSync(kept, {recursive: true, force: true}));
	renameSync(app.at('node_modules'), path.join(kept, 'node_modules'));
	return path.join(kept, 'node_modules');
};

/** Settings for a machine's own certificates. */
const certificates = Object.fromEntries(
	['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'].flatMap(name => (process.env[name] ? [[name, process.env[name]]] : [])),
);
