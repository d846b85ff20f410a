import {MissingNeed} from '../set-up/need.mjs';

/**
 * @typedef {object} Target
 * @property {string} platform as in its package's name after `@stepladder/`
 * @property {string} triple for rustc; on glibc with its version, for zig
 * @property {string} library the file that cargo builds
 * @property {string[]} os
 * @property {string[]} cpu
 * @property {string[]} [libc]
 * @property {string[]} [rustFlags]
 * @property {Record<string, string>} [env]
 * @property {{triple?: string, rustFlags?: string[]}} [native] overrides for the platform's own linker
 */

const musl = ['-Ctarget-feature=-crt-static']; // an addon is a shared library
const darwin = [
	...['-Clink-arg=-undefined', '-Clink-arg=dynamic_lookup'], // Node has the symbols
	'-Clink-arg=-Wl,-install_name,@rpath/stepladder.node', // otherwise the path of the build
];

/** Every platform that an addon is built for. Node 20 itself needs glibc 2.28. */
export const targets = /** @type {Target[]} */ ([
	{
		...{platform: 'linux-x64-gnu', triple: 'x86_64-unknown-linux-gnu.2.28', library: 'libstepladder_addon.so'},
		...{os: ['linux'], cpu: ['x64'], libc: ['glibc']},
	},
	{
		...{platform: 'linux-arm64-gnu', triple: 'aarch64-unknown-linux-gnu.2.28', library: 'libstepladder_addon.so'},
		...{os: ['linux'], cpu: ['arm64'], libc: ['glibc']},
	},
	{
		...{platform: 'linux-x64-musl', triple: 'x86_64-unknown-linux-musl', library: 'libstepladder_addon.so'},
		...{os: ['linux'], cpu: ['x64'], libc: ['musl'], rustFlags: musl},
	},
	{
		...{platform: 'linux-arm64-musl', triple: 'aarch64-unknown-linux-musl', library: 'libstepladder_addon.so'},
		...{os: ['linux'], cpu: ['arm64'], libc: ['musl'], rustFlags: musl},
	},
	{
		...{platform: 'darwin-arm64', triple: 'aarch64-apple-darwin', library: 'libstepladder_addon.dylib'},
		...{os: ['darwin'], cpu: ['arm64'], rustFlags: darwin, env: {MACOSX_DEPLOYMENT_TARGET: '11.0'}, native: {}},
	},
	{
		...{platform: 'darwin-x64', triple: 'x86_64-apple-darwin', library: 'libstepladder_addon.dylib'},
		...{os: ['darwin'], cpu: ['x64'], rustFlags: darwin, env: {MACOSX_DEPLOYMENT_TARGET: '11.0'}, native: {}},
	},
	{
		...{platform: 'win32-x64', triple: 'x86_64-pc-windows-gnu', library: 'stepladder_addon.dll'},
		...{os: ['win32'], cpu: ['x64']},
		// The C library is linked statically: not every Windows has Visual C++'s.
		native: {triple: 'x86_64-pc-windows-msvc', rustFlags: ['-Ctarget-feature=+crt-static']},
	},
]);

/** Platforms that an addon with libtorch is built for: those with wheels in `ts/libtorch/pins.ts`. */
export const torchPlatforms = ['linux-x64-gnu', 'linux-arm64-gnu', 'darwin-arm64', 'win32-x64'];

/** The packages of a release, by their folders under build/npm; the library last, since it depends on the others. */
export const released = [
	...targets.map(({platform}) => platform),
	...torchPlatforms.map(platform => `torch-${platform}`),
	'stepladder',
];

/** Returns the target's name in rustc and cargo's folders. @param {Pick<Target, 'triple'>} target */
export const rustTarget = ({triple}) => triple.replace(/\.\d+\.\d+$/, '');

/**
 * Returns the named targets, or all if none is named.
 *
 * @param {string[]} names
 * @throws {MissingNeed} for an unknown platform
 */
export const chosenTargets = names => {
	const known = targets.map(({platform}) => platform);
	const unknown = names.find(name => !known.includes(name));
	if (unknown !== undefined) {
		throw new MissingNeed(`There is no platform ${unknown}: there are ${known.join(', ')}.`);
	}

	return targets.filter(({platform}) => names.length === 0 || names.includes(platform));
};
