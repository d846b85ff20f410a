// Builds the packages that are published: `stepladder` and an addon for each platform, all under build/npm.
// `npm run package`, or `npm run package -- linux-x64-gnu win32-x64` for some platforms alone. `--native` builds with
// this machine's own linker instead of zig, as a release does on macOS and Windows.
// `npm run package -- torch-linux-x64-gnu` for the addon with libtorch, on that platform itself.
import {existsSync, readdirSync, statSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {faultsOf} from './package/faults.mjs';
import {packAddon, packLibrary} from './package/pack.mjs';
import {chosenTargets, rustTarget} from './package/targets.mjs';
import {crossToolchain} from './package/toolchain.mjs';
import {packTorchAddon} from './package/torch.mjs';
import {root, runMain, setUp} from './set-up/index.mjs';
import {MissingNeed} from './set-up/need.mjs';
import {runTool, say, ToolFailed} from './set-up/tool.mjs';

const output = path.join(root, 'build', 'npm');
const isNative = process.argv.includes('--native');

/**
 * Builds the addon of a platform and the package around it.
 *
 * @param {import('./package/targets.mjs').Target} target
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>} the addon
 */
const buildAndPack = async (target, env) => {
	const {platform, triple, library, rustFlags = []} = {...target, ...(isNative && target.native)};
	say(`Building @stepladder/${platform} ...`);
	const built = path.join(root, 'target', 'packages');
	const build = isNative ? 'build' : 'zigbuild';
	await runTool(
		'cargo',
		[build, '--release', '--locked', '--quiet', '--package', 'stepladder-addon', '--target', triple],
		{
			cwd: root,
			env: {
				...env,
				...target.env,
				CARGO_ENCODED_RUSTFLAGS: [...rustFlags, ...namelessPaths()].join('\u{1F}'), // so that paths may have spaces
				CARGO_TARGET_DIR: built,
				CARGO_PROFILE_RELEASE_STRIP: 'symbols',
				CARGO_PROFILE_RELEASE_DEBUG: 'false',
			},
		},
	);
	const addon = path.join(built, rustTarget({triple}), 'release', library);
	packAddon(target, addon, output);
	return addon;
};

/** Returns flags by which a panic names its file by the crate's path, not by that of this machine. */
const namelessPaths = () => {
	const cargo = process.env['CARGO_HOME'] || path.join(os.homedir(), '.cargo');
	const sources = path.join(cargo, 'registry', 'src');
	const registries = existsSync(sources) ? readdirSync(sources) : [];
	return [root, ...registries.map(name => path.join(sources, name))].map(
		folder => `--remap-path-prefix=${path.join(folder, path.sep)}=`,
	);
};

await runMain(async () => {
	const names = process.argv.slice(2).filter(word => word !== '--native');
	const torch = names.find(name => name.startsWith('torch-'));
	if (torch !== undefined) {
		await packTorchAddon(torch, output);
		return;
	}

	const wanted = chosenTargets(names);
	const byZig = wanted.filter(({native}) => !native).map(({platform}) => platform);
	if (isNative && byZig.length > 0) {
		throw new MissingNeed(`${byZig.join(', ')}: always built by zig, so leave out \`--native\`.`);
	}

	await setUp();
	await packLibrary(output);
	// An addon that the platform's own linker builds is tested there, and not read.
	const {env, python} = isNative ? {env: process.env, python: undefined} : await crossToolchain();
	const rows = [];
	for (const target of wanted) {
		try {
			const addon = await buildAndPack(target, env);
			const faults = python === undefined ? [] : faultsOf(target, addon, python);
			if (faults.length > 0) {
				process.exitCode = 1;
			}

			const size = `${(statSync(addon).size / 2 ** 20).toFixed(1)} MiB`;
			rows.push(`${target.platform.padEnd(18)} ${[size, ...faults].join('; ')}`);
		} catch (error) {
			if (!(error instanceof ToolFailed)) {
				throw error;
			}

			process.exitCode = 1;
			rows.push(`${target.platform.padEnd(18)} not built: ${error.message}`);
		}
	}

	process.stdout.write(`${rows.join('\n')}\nPackages are in ${path.relative(root, output)}\n`);
});
