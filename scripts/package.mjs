// Builds the packages that are published: `stepladder` and an addon for each platform, all under build/npm.
// `npm run package`, or `npm run package -- linux-x64-gnu win32-x64` for some platforms alone. `--native` builds with
// this machine's own linker in place of zig: that is how a release builds for macOS and Windows, on macOS and Windows.
// `npm run package -- torch-linux-x64-gnu` for the addon with libtorch, on that platform itself.
import {statSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {packAddon, packLibrary} from './package/pack.mjs';
import {rustTarget, targets} from './package/targets.mjs';
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
 * @returns {Promise<number>} the addon's bytes
 */
const buildAndPack = async (target, env) => {
	const {platform, triple, library, rustFlags} = {...target, ...(isNative && target.native)};
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
				...(rustFlags && {RUSTFLAGS: rustFlags}),
				CARGO_TARGET_DIR: built,
				CARGO_PROFILE_RELEASE_STRIP: 'symbols',
				// The standard library and the crates are named by their own paths, not by those of this machine.
				CARGO_PROFILE_RELEASE_DEBUG: 'false',
			},
		},
	);
	const addon = path.join(built, rustTarget({triple}), 'release', library);
	packAddon(target, addon, output);
	return statSync(addon).size;
};

await runMain(async () => {
	const chosen = process.argv.slice(2).filter(word => word !== '--native');
	const torch = chosen.find(name => name.startsWith('torch-'));
	if (torch !== undefined) {
		await packTorchAddon(torch, output);
		return;
	}

	const unknown = chosen.find(name => !targets.some(({platform}) => platform === name));
	if (unknown !== undefined) {
		throw new MissingNeed(
			`There is no platform ${unknown}: there are ${targets.map(({platform}) => platform).join(', ')}.`,
		);
	}

	const wanted = targets.filter(({platform}) => chosen.length === 0 || chosen.includes(platform));
	const byZig = wanted.filter(({native}) => !native).map(({platform}) => platform);
	if (isNative && byZig.length > 0) {
		throw new MissingNeed(`${byZig.join(', ')}: built by zig wherever it is built, so leave out \`--native\`.`);
	}

	await setUp();
	await packLibrary(output);
	const env = isNative ? process.env : await crossToolchain();
	const rows = [];
	for (const target of wanted) {
		try {
			const bytes = await buildAndPack(target, env);
			rows.push(`${target.platform.padEnd(18)} ${(bytes / 2 ** 20).toFixed(1)} MiB`);
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
