import {copyFileSync, mkdirSync, readdirSync, readFileSync, statSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {root, setUp} from '../set-up/index.mjs';
import {MissingNeed} from '../set-up/need.mjs';
import {runTool, say} from '../set-up/tool.mjs';
import {packAddon} from './pack.mjs';
import {targets} from './targets.mjs';

/**
 * Builds the addon with libtorch and its package, for the current platform: libtorch's C++ ABI rules out zig. An addon
 * that is built on an old system (manylinux_2_28 has glibc 2.28) runs on newer ones.
 *
 * @param {string} name such as `torch-linux-x64-gnu`
 * @param {string} output gets a folder for the package
 */
export const packTorchAddon = async (name, output) => {
	await setUp();
	const {thisPlatform} = await import('../../dist/ts/platform/platform.js');
	const target = targets.find(({platform}) => platform === thisPlatform());
	if (!target || name !== `torch-${target.platform}`) {
		throw new MissingNeed(`${name} can only be built on that platform itself; this is ${thisPlatform()}.`);
	}

	await setUp('The package is linked against');
	const built = path.join(root, 'build', 'addon-torch');
	const addon = readdirSync(built).find(file => file.endsWith('.node')) ?? '';
	const stripped = path.join(root, 'build', 'package-torch', 'stepladder.node');
	mkdirSync(path.dirname(stripped), {recursive: true});
	copyFileSync(path.join(built, addon), stripped);
	if (process.platform !== 'win32') {
		say('Stripping it ...');
		await runTool('strip', [process.platform === 'darwin' ? '-x' : '--strip-unneeded', stripped]);
	}

	packAddon({...target, platform: name}, stripped, output, ['torch']);
	const glibc = glibcAskedFor(stripped);
	process.stdout.write(
		`${name} ${(statSync(stripped).size / 2 ** 20).toFixed(1)} MiB${glibc ? `, needs glibc ${glibc} or newer` : ''}\n` +
			`The package is in ${path.relative(root, path.join(output, name))}\n`,
	);
};

/**
 * Returns the newest glibc version that a library needs; `undefined` if none.
 *
 * @param {string} file
 */
const glibcAskedFor = file => {
	const names = readFileSync(file, 'latin1').matchAll(/\0GLIBC_2\.(\d+)/g);
	const minors = [...names].map(([, minor]) => Number(minor));
	return minors.length === 0 ? undefined : `2.${Math.max(...minors)}`;
};
