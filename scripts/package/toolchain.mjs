import {spawnSync} from 'node:child_process';
import {mkdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {cacheFolder} from '../../ts/cache/cache-folder.js';
import {demand, MissingNeed} from '../set-up/need.mjs';
import {unlessStamped} from '../set-up/stamp.mjs';
import {runTool, say} from '../set-up/tool.mjs';
import {rustTarget, targets} from './targets.mjs';

/** The toolchain for other platforms, separate from this machine's own. */
const rustVersion = '1.95.0';
const tools = ['ziglang==0.17.1', 'cargo-zigbuild==0.24.1', 'lief==1.0.0'];

/**
 * Fetches zig, the linker for every platform, Rust with their libraries, and LIEF to read addons, into the cache, once.
 *
 * @returns {Promise<{env: NodeJS.ProcessEnv, python: string}>} the environment to run `cargo zigbuild` in, and a Python
 *   with LIEF
 */
export const crossToolchain = async () => {
	const folder = path.join(cacheFolder(), 'cross');
	mkdirSync(folder, {recursive: true});
	const environment = path.join(folder, 'python');
	const scripts = path.join(environment, process.platform === 'win32' ? 'Scripts' : 'bin');
	await unlessStamped(path.join(environment, '.stamp'), tools.join('\n'), async () => {
		say('Fetching zig, cargo-zigbuild and LIEF by pip ...');
		const {name: python} = demand('pip', 'Building for other platforms');
		await runTool(python, ['-m', 'venv', '--clear', environment]);
		await runTool(path.join(scripts, 'pip'), ['install', '--quiet', '--disable-pip-version-check', ...tools]);
	});

	const env = {
		...process.env,
		RUSTUP_HOME: path.join(folder, 'rust'),
		RUSTUP_TOOLCHAIN: rustVersion,
		PATH: `${scripts}${path.delimiter}${process.env['PATH'] ?? ''}`,
	};
	if (!hasTargets(env)) {
		if (spawnSync('rustup', ['--version']).status !== 0) {
			throw new MissingNeed(
				'Building for other platforms needs rustup, which was not found: install it from https://rustup.rs.',
			);
		}

		say(`Fetching Rust ${rustVersion} for ${targets.length} platforms by rustup ...`);
		const wanted = targets.flatMap(target => ['--target', rustTarget(target)]);
		await runTool(
			'rustup',
			['toolchain', 'install', rustVersion, '--profile', 'minimal', '--no-self-update', ...wanted],
			{env},
		);
	}

	return {env: {...env, LIBNODE_PATH: emptyLibnode(folder)}, python: path.join(scripts, 'python')};
};

/**
 * Makes an empty `libnode`: on Windows napi makes GNU's linker ask for one, though symbols are resolved at run time.
 *
 * @param {string} folder
 */
const emptyLibnode = folder => {
	const libnode = path.join(folder, 'libnode');
	mkdirSync(libnode, {recursive: true});
	for (const name of ['libnode.a', 'libnode.dll']) {
		writeFileSync(path.join(libnode, name), '!<arch>\n');
	}

	return libnode;
};

/** @param {NodeJS.ProcessEnv} env */
const hasTargets = env => {
	const {stdout} = spawnSync('rustup', ['target', 'list', '--installed', '--toolchain', rustVersion], {
		env,
		encoding: 'utf8',
	});
	return targets.every(target => (stdout ?? '').split('\n').includes(rustTarget(target)));
};
