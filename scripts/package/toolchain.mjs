import {spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {cacheFolder} from '../../ts/machine/cache-folder.js';
import {demand, MissingNeed} from '../set-up/need.mjs';
import {runTool, say} from '../set-up/tool.mjs';
import {rustTarget, targets} from './targets.mjs';

/** What builds for other platforms, apart from what this machine builds with. */
const versions = {rust: '1.95.0', ziglang: '0.17.1', 'cargo-zigbuild': '0.24.1'};

/**
 * zig as the linker for every platform and a Rust with their libraries, both in the cache and fetched once.
 *
 * @returns {Promise<NodeJS.ProcessEnv>} the environment to run `cargo zigbuild` in
 */
export const crossToolchain = async () => {
	const folder = path.join(cacheFolder(), 'cross');
	const rust = path.join(folder, `rust-${versions.rust}`);
	const zig = path.join(folder, `zig-${versions.ziglang}-${versions['cargo-zigbuild']}`);
	mkdirSync(folder, {recursive: true});

	const scripts = path.join(zig, process.platform === 'win32' ? 'Scripts' : 'bin');
	if (!existsSync(path.join(scripts, process.platform === 'win32' ? 'cargo-zigbuild.exe' : 'cargo-zigbuild'))) {
		say('Fetching zig and cargo-zigbuild by pip ...');
		const {name: python} = demand('pip', 'Building for other platforms');
		await runTool(python, ['-m', 'venv', zig]);
		const wanted = [`ziglang==${versions.ziglang}`, `cargo-zigbuild==${versions['cargo-zigbuild']}`];
		await runTool(path.join(scripts, 'pip'), ['install', '--quiet', '--disable-pip-version-check', ...wanted]);
	}

	const env = {
		...process.env,
		RUSTUP_HOME: rust,
		RUSTUP_TOOLCHAIN: versions.rust,
		PATH: `${scripts}${path.delimiter}${process.env['PATH'] ?? ''}`,
	};
	if (!hasTargets(env)) {
		if (spawnSync('rustup', ['--version']).status !== 0) {
			throw new MissingNeed(
				'Building for other platforms needs rustup, which was not found: install it from https://rustup.rs.',
			);
		}

		say(`Fetching Rust ${versions.rust} for ${targets.length} platforms by rustup ...`);
		const wanted = targets.flatMap(target => ['--target', rustTarget(target)]);
		await runTool(
			'rustup',
			['toolchain', 'install', versions.rust, '--profile', 'minimal', '--no-self-update', ...wanted],
			{env},
		);
	}

	return {...env, LIBNODE_PATH: emptyLibnode(folder)};
};

/**
 * napi asks GNU's linker for a library of Node's on Windows, though symbols are looked up at run time: it gets one that
 * holds nothing.
 *
 * @param {string} folder
 */
const emptyLibnode = folder => {
	const place = path.join(folder, 'libnode');
	mkdirSync(place, {recursive: true});
	for (const name of ['libnode.a', 'libnode.dll']) {
		writeFileSync(path.join(place, name), '!<arch>\n');
	}

	return place;
};

/** @param {NodeJS.ProcessEnv} env */
const hasTargets = env => {
	const {stdout} = spawnSync('rustup', ['target', 'list', '--installed', '--toolchain', versions.rust], {
		env,
		encoding: 'utf8',
	});
	return targets.every(target => (stdout ?? '').split('\n').includes(rustTarget(target)));
};
