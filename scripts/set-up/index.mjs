import {accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {LockLost, withLock} from '../../ts/fs/lock-folder.js';
import {linkView} from './libtorch.mjs';
import {demand, MissingNeed} from './need.mjs';
import {fingerprint, isBuilt, readStamp, unlessBuilt} from './stamp.mjs';
import {runTool, say, ToolFailed} from './tool.mjs';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** @param {string[]} parts */
const inRoot = (...parts) => path.join(root, ...parts);

const addonSources = ['Cargo.toml', 'Cargo.lock', '.cargo/config.toml', 'crates'];
const typeScriptSources = ['ts', 'test', 'tsconfig.json', 'package-lock.json'];

/**
 * Brings npm packages, the addon and the compiled TypeScript up to date, in that order, and then the addon with libtorch, which
 * compiled TypeScript fetches. Prints nothing and takes 30 to 100 ms if all are up to date.
 *
 * @param {string} [torch] the reason for libtorch, as the beginning of a sentence; without it, libtorch is not set up
 */
export const setUp = async torch => {
	demand('node', 'Stepladder');
	/** @param {AbortSignal} [signal] */
	const work = async signal => {
		for (const part of [npmPackages, addon, typeScript]) {
			await part(signal);
			signal?.throwIfAborted();
		}

		if (torch !== undefined) {
			await torchAddon(torch, signal);
		}
	};

	if (isReadOnly(existsSync(inRoot('build')) ? inRoot('build') : root)) {
		await withoutWriting(work);
		return;
	}

	mkdirSync(inRoot('build'), {recursive: true});
	await withLock(inRoot('build', 'set-up.lock'), say, work);
};

/** @param {string} folder */
const isReadOnly = folder => {
	try {
		accessSync(folder, constants.W_OK);
		return false;
	} catch {
		return true;
	}
};

/**
 * Runs the set-up of a read-only clone, which can be used as long as it is up to date.
 *
 * @param {() => Promise<void>} work
 */
const withoutWriting = async work => {
	try {
		await work();
	} catch (error) {
		if (error instanceof ToolFailed || /** @type {NodeJS.ErrnoException} */ (error).syscall !== undefined) {
			throw new MissingNeed(
				`${path.resolve(root)} can’t be written, and has to be built first: run \`npm run build\` there as a user who may write to it`,
			);
		}

		throw error;
	}
};

/** Runs a script's main function; an expected error ends the process with one sentence. */
export const runMain = async (/** @type {() => Promise<void>} */ main) => {
	try {
		await main();
	} catch (error) {
		const {syscall, message} = /** @type {NodeJS.ErrnoException} */ (error);
		if (syscall !== undefined) {
			say(
				`stepladder: ${existsSync(root) ? `the set-up can’t continue (${message})` : `${path.resolve(root)} was deleted`}`,
			);
		} else if ([MissingNeed, ToolFailed, LockLost].some(known => error instanceof known)) {
			say(`stepladder: ${message}`);
		} else {
			throw error;
		}

		process.exitCode = 1;
	}
};

/** @param {AbortSignal} [signal] */
const npmPackages = async signal => {
	const lock = readFileSync(inRoot('package-lock.json'), 'utf8');
	const stamp = inRoot('node_modules', '.stepladder-lock.json');
	if (readStamp(stamp) === lock) {
		return;
	}

	say('Installing npm packages ...');
	await runTool('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
		...{cwd: root, signal},
		hint: 'check the network. Packages come from the npm registry',
	});
	writeFileSync(stamp, lock);
};

/** @param {AbortSignal} [signal] */
const addon = async signal => {
	const output = inRoot('build', 'addon');
	await unlessBuilt(output, addonFingerprint([]), async () => {
		demand('rust', 'Building the addon');
		demand('c', 'Building the addon');
		say('Building the addon (about a minute the first time) ...');
		await buildAddon(output, ['--strip'], signal);
	});
	// The types are part of the sources, so that they are compiled and published with them.
	const types = readFileSync(path.join(output, 'binding.d.ts'), 'utf8');
	if (readStamp(inRoot('ts', 'native', 'binding.ts')) !== types) {
		writeFileSync(inRoot('ts', 'native', 'binding.ts'), types);
	}
};

/**
 * Builds the addon with the `aten` engine, and fetches the libtorch that it is linked against.
 *
 * @param {string} reason
 * @param {AbortSignal} [signal]
 */
const torchAddon = async (reason, signal) => {
	const {pinFor, libtorchVersion, openedLibraries} = await import('../../dist/ts/libtorch/pins.js');
	const output = inRoot('build', 'addon-torch');
	const wanted = addonFingerprint([libtorchVersion]);
	if (!isBuilt(output, wanted)) {
		say(`${reason} libtorch, which is built in now.`);
	}

	const libraries = [...openedLibraries(), ...(pinFor()?.linkedOnly ?? [])];
	linkView(root, await libtorch(signal), {libraries, version: libtorchVersion});
	await unlessBuilt(output, wanted, async () => {
		demand('rust', 'Building the addon with libtorch');
		demand('compiler', 'Building the addon with libtorch');
		say('Building the addon with libtorch (a few minutes the first time) ...');
		await buildAddon(output, ['--features', 'torch'], signal);
	});
};

/**
 * Returns the folder of libtorch, which is fetched if necessary.
 *
 * @param {AbortSignal} [signal]
 */
const libtorch = async signal => {
	const {ensureLibtorch} = await import('../../dist/ts/libtorch/ensure-libtorch.js');
	const {StepladderError} = await import('../../dist/ts/errors/index.js');
	try {
		return await ensureLibtorch({report: say, signal});
	} catch (error) {
		throw error instanceof StepladderError ? new MissingNeed(error.message) : error;
	}
};

/** @param {string[]} words */
const addonFingerprint = words => fingerprint(root, addonSources, [process.version.split('.', 1)[0] ?? '', ...words]);

/**
 * @param {string} output
 * @param {string[]} options
 * @param {AbortSignal} [signal]
 */
const buildAddon = (output, options, signal) =>
	runTool(
		process.execPath,
		[
			...[inRoot('node_modules', '@napi-rs', 'cli', 'dist', 'cli.js'), 'build', '--release', '--platform'],
			...['--package', 'stepladder-addon', '--package-json-path', inRoot('package.json')],
			...['--manifest-path', inRoot('crates', 'addon', 'Cargo.toml'), '--no-js', '--no-const-enum'],
			...['--output-dir', output, '--dts', 'binding.d.ts', ...options],
		],
		{cwd: root, signal, hint: 'the first error above says why'},
	);

/** @param {AbortSignal} [signal] */
const typeScript = async signal => {
	const output = inRoot('dist');
	await unlessBuilt(output, fingerprint(root, typeScriptSources), async () => {
		say('Compiling TypeScript ...');
		await rm(output, {recursive: true, force: true}); // a deleted step must not stay
		await runTool(process.execPath, [inRoot('node_modules', 'typescript', 'bin', 'tsc')], {
			...{cwd: root, signal},
			hint: 'the errors above say where',
		});
	});
};
