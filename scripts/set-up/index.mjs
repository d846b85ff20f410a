import {mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {ensureLibtorch} from './libtorch.mjs';
import {withLock} from './lock.mjs';
import {demand, MissingNeed} from './need.mjs';
import {fingerprint, readStamp, unlessStamped} from './stamp.mjs';
import {runTool, say, ToolFailed} from './tool.mjs';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** @param {string[]} parts */
const inRoot = (...parts) => path.join(root, ...parts);

const addonSources = ['Cargo.toml', 'Cargo.lock', '.cargo/config.toml', 'crates'];
const typeScriptSources = ['ts', 'test', 'tsconfig.json', 'build/addon/binding.d.ts', 'package-lock.json'];

/**
 * Brings packages, libtorch, the addon and the compiled TypeScript up to date, in that order. Says nothing and
 * takes a fraction of a second when they are.
 */
export const setUp = async () => {
	mkdirSync(inRoot('build'), {recursive: true});
	await withLock(inRoot('build', 'set-up.lock'), async () => {
		await npmPackages();
		await ensureLibtorch(root);
		await addon();
		await typeScript();
	});
};

/** Runs a script's main function; whatever the set-up lacks ends the process with one sentence. */
export const runMain = async (/** @type {() => Promise<void>} */ main) => {
	try {
		await main();
	} catch (error) {
		if (!(error instanceof MissingNeed || error instanceof ToolFailed)) {
			throw error;
		}

		say(`stepladder: ${error.message}`);
		process.exitCode = 1;
	}
};

const npmPackages = async () => {
	const lock = readFileSync(inRoot('package-lock.json'), 'utf8');
	const stamp = inRoot('node_modules', '.stepladder-lock.json');
	if (readStamp(stamp) === lock) {
		return;
	}

	say('Installing npm packages ...');
	await runTool('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
		cwd: root,
		hint: 'is the network there? Packages come from the npm registry',
	});
	writeFileSync(stamp, lock);
};

const addon = async () => {
	const output = inRoot('build', 'addon');
	// The link tells whose libtorch it was built against.
	const wanted = fingerprint(root, addonSources, [process.version.split('.', 1)[0], process.env.LIBTORCH ?? '']);
	await unlessStamped(path.join(output, '.stamp'), wanted, async () => {
		demand('rust', 'Building the addon');
		demand('compiler', 'Building the addon');
		say('Building the addon (a few minutes the first time) ...');
		await runTool(
			process.execPath,
			[
				...[inRoot('node_modules', '@napi-rs', 'cli', 'dist', 'cli.js'), 'build', '--release', '--platform'],
				...['--package', 'stepladder-addon', '--package-json-path', inRoot('package.json')],
				...['--manifest-path', inRoot('crates', 'addon', 'Cargo.toml'), '--no-js', '--no-const-enum'],
				...['--output-dir', output, '--dts', 'binding.d.ts'],
			],
			{cwd: root, hint: 'the first error above says why'},
		);
	});
};

const typeScript = async () => {
	const output = inRoot('dist');
	await unlessStamped(path.join(output, '.stamp'), fingerprint(root, typeScriptSources), async () => {
		say('Compiling TypeScript ...');
		rmSync(output, {recursive: true, force: true}); // a deleted step must not live on
		await runTool(process.execPath, [inRoot('node_modules', 'typescript', 'bin', 'tsc')], {
			cwd: root,
			hint: 'the errors above say where',
		});
	});
};
