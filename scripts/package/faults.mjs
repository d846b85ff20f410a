import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import os from 'node:os';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {root} from '../set-up/index.mjs';

/**
 * What `read_addon.py` tells.
 *
 * @typedef {object} Told
 * @property {'elf' | 'pe' | 'mach-o'} format
 * @property {string} architecture
 * @property {string[]} libraries
 * @property {string[]} exports
 * @property {string | null} [glibc]
 * @property {string | null} [macos]
 * @property {string[]} [unbound]
 * @property {string} [signature]
 */

const reader = fileURLToPath(new URL('read_addon.py', import.meta.url));
const megabyte = 2 ** 20;
const newestGlibc = '2.28';
const oldestMacos = '11.0';

/** Every system of a kind has these. */
const libraries = {
	gnu: /^(?:lib(?:c\.so\.6|m\.so\.6|dl\.so\.2|rt\.so\.1|pthread\.so\.0|gcc_s\.so\.1)|ld-linux-[\w-]+\.so\.\d)$/,
	musl: /^(?:libc\.so|libc\.musl-\w+\.so\.1|libgcc_s\.so\.1)$/, // Node itself asks for libgcc_s on musl
	darwin: /^\/usr\/lib\/lib(?:System\.B|iconv\.2|charset\.1)\.dylib$/,
	win32: /^(?:kernel32|ntdll|advapi32|bcrypt|bcryptprimitives|userenv|ws2_32|msvcrt|ucrtbase|api-ms-win-[\w-]+)\.dll$/i,
};

/** Node brings its own; `sys_icache_invalidate` is in libSystem, and missing in zig's list of what is there. */
const boundAtRunTime = /^_(?:napi_\w+|node_api_\w+|sys_icache_invalidate)$/;

/**
 * All that is wrong with an addon, whether or not it can run here.
 *
 * @param {import('./targets.mjs').Target} target
 * @param {string} addon
 * @param {string} python one that has LIEF
 * @returns {string[]} empty where nothing is
 */
export const faultsOf = (target, addon, python) => {
	/** @type {Told} */
	const told = JSON.parse(execFileSync(python, [reader, addon], {encoding: 'utf8'}));
	const file = readFileSync(addon);
	const kind = target.os[0] === 'linux' ? (target.platform.endsWith('musl') ? 'musl' : 'gnu') : target.os[0];
	const format = {gnu: 'elf', musl: 'elf', darwin: 'mach-o', win32: 'pe'}[kind];
	const architectures = {arm64: ['aarch64', 'arm64'], x64: ['x86_64', 'amd64']}[target.cpu[0]];

	const faults = [
		...(told.format === format ? [] : [`it should be ${format}, and is ${told.format}`]),
		...(architectures.includes(told.architecture) ? [] : [`it is for ${told.architecture}`]),
		...(told.exports.some(name => name.includes('napi_register_module_v1')) ? [] : ['Node would not know it']),
		...told.libraries.filter(name => !libraries[kind].test(name)).map(name => `it asks for ${name}`),
		...(file.length < 8 * megabyte ? [] : [`it has ${Math.round(file.length / megabyte)} MiB`]),
		...pathsOfThisMachine()
			.filter(place => file.includes(place))
			.map(place => `${place} of this machine is in it`),
	];
	if (kind === 'gnu' && !(told.glibc && isAtMost(told.glibc, newestGlibc))) {
		faults.push(`it asks for glibc ${told.glibc}, newer than ${newestGlibc}`);
	}

	if (kind === 'darwin') {
		const foreign = (told.unbound ?? []).filter(name => !boundAtRunTime.test(name));
		const signatures = target.cpu[0] === 'arm64' ? ['ad hoc'] : ['ad hoc', 'missing']; // Intel's need none
		faults.push(
			...(told.macos === oldestMacos ? [] : [`it is for macOS ${told.macos}, not ${oldestMacos}`]),
			...(signatures.includes(told.signature) ? [] : [`its signature is ${told.signature}`]),
			...foreign.map(name => `nobody has ${name}`),
		);
	}

	return faults;
};

/** Nobody else has them, and they may say who built it. */
const pathsOfThisMachine = () =>
	[root, os.homedir(), process.env['CARGO_HOME'], process.env['RUSTUP_HOME'], os.tmpdir()].flatMap(place =>
		place ? [`${place.replace(/[/\\]$/, '')}/`] : [],
	);

/**
 * @param {string} version
 * @param {string} limit
 */
const isAtMost = (version, limit) => version.localeCompare(limit, 'en', {numeric: true}) <= 0;
