import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import os from 'node:os';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {root} from '../set-up/index.mjs';

/**
 * The output of `read_addon.py`.
 *
 * @typedef {object} Addon
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

/** Libraries that every system of a kind has. */
const libraries = {
	gnu: /^(?:lib(?:c\.so\.6|m\.so\.6|dl\.so\.2|rt\.so\.1|pthread\.so\.0|gcc_s\.so\.1)|ld-linux-[\w-]+\.so\.\d)$/,
	musl: /^(?:libc\.so|libc\.musl-\w+\.so\.1|libgcc_s\.so\.1)$/, // Node itself needs libgcc_s on musl
	darwin: /^\/usr\/lib\/lib(?:System\.B|iconv\.2|charset\.1)\.dylib$/,
	win32: /^(?:kernel32|ntdll|advapi32|bcrypt|bcryptprimitives|userenv|ws2_32|msvcrt|ucrtbase|api-ms-win-[\w-]+)\.dll$/i,
};

/** Symbols of Node; and `sys_icache_invalidate`, which is in libSystem and missing in zig's list. */
const boundAtRunTime = /^_(?:napi_\w+|node_api_\w+|sys_icache_invalidate)$/;

/**
 * Returns the faults of an addon, whether or not it can run here.
 *
 * @param {import('./targets.mjs').Target} target
 * @param {string} addon
 * @param {string} python one that has LIEF
 * @returns {string[]} empty if it has none
 */
export const faultsOf = (target, addon, python) => {
	/** @type {Addon} */
	const read = JSON.parse(execFileSync(python, [reader, addon], {encoding: 'utf8'}));
	const file = readFileSync(addon);
	const kind = target.os[0] === 'linux' ? (target.platform.endsWith('musl') ? 'musl' : 'gnu') : target.os[0];
	const format = {gnu: 'elf', musl: 'elf', darwin: 'mach-o', win32: 'pe'}[kind];
	const architectures = {arm64: ['aarch64', 'arm64'], x64: ['x86_64', 'amd64']}[target.cpu[0]];

	const faults = [
		...(read.format === format ? [] : [`it should be ${format}, and is ${read.format}`]),
		...(architectures.includes(read.architecture) ? [] : [`it is for ${read.architecture}`]),
		...(read.exports.some(name => name.includes('napi_register_module_v1')) ? [] : ['it does not register with Node']),
		...read.libraries.filter(name => !libraries[kind].test(name)).map(name => `it needs ${name}`),
		...(file.length < 8 * megabyte ? [] : [`it has ${Math.round(file.length / megabyte)} MiB`]),
		...pathsOfThisMachine()
			.filter(folder => file.includes(folder))
			.map(folder => `it contains the path ${folder} of this machine`),
	];
	if (kind === 'gnu' && !(read.glibc && isAtMost(read.glibc, newestGlibc))) {
		faults.push(`it needs glibc ${read.glibc}, newer than ${newestGlibc}`);
	}

	if (kind === 'darwin') {
		const foreign = (read.unbound ?? []).filter(name => !boundAtRunTime.test(name));
		const signatures = target.cpu[0] === 'arm64' ? ['ad hoc'] : ['ad hoc', 'missing']; // Intel's need none
		faults.push(
			...(read.macos === oldestMacos ? [] : [`it is for macOS ${read.macos}, not ${oldestMacos}`]),
			...(signatures.includes(read.signature) ? [] : [`its signature is ${read.signature}`]),
			...foreign.map(name => `no library has ${name}`),
		);
	}

	return faults;
};

/** Returns paths that may say who built it. */
const pathsOfThisMachine = () =>
	[root, os.homedir(), process.env['CARGO_HOME'], process.env['RUSTUP_HOME'], os.tmpdir()].flatMap(folder =>
		folder ? [`${folder.replace(/[/\\]$/, '')}/`] : [],
	);

/**
 * @param {string} version
 * @param {string} limit
 */
const isAtMost = (version, limit) => version.localeCompare(limit, 'en', {numeric: true}) <= 0;
