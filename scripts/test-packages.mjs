// Publishes packages to a registry on this machine, installs them from there, and tests them:
// `npm run test:packages` for the library and this platform's addon, as built here,
// `npm run test:packages -- --built` for the packages of `npm run package` in build/npm,
// `npm run test:packages -- install` for only the tests of test/packages/install.test.ts.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readdirSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {parseArgs} from 'node:util';
import {packAddon, packLibrary} from './package/pack.mjs';
import {startRegistry} from './package/registry.mjs';
import {targets} from './package/targets.mjs';
import {root, runMain, setUp} from './set-up/index.mjs';
import {MissingNeed} from './set-up/need.mjs';
import {runTool, say} from './set-up/tool.mjs';

/** Packs the library and this platform's addon. */
const packForTests = async () => {
	const output = path.join(root, 'build', 'test-npm');
	const {thisPlatform} = await import('../dist/ts/platform/platform.js');
	const target = targets.find(({platform}) => platform === thisPlatform());
	if (!target) {
		throw new MissingNeed(
			`Packages are for ${targets.map(({platform}) => platform).join(', ')}: none for ${thisPlatform()}.`,
		);
	}

	const built = path.join(root, 'build', 'addon');
	const addon = readdirSync(built).find(name => name.startsWith(`stepladder.${target.platform}`)) ?? '';
	await packLibrary(output);
	packAddon(target, path.join(built, addon), output);
	return output;
};

await runMain(async () => {
	const {values, positionals} = parseArgs({options: {built: {type: 'boolean'}}, allowPositionals: true});
	await setUp();
	const output = values.built ? path.join(root, 'build', 'npm') : await packForTests();
	say('Starting a registry ...');
	const registry = await startRegistry();
	try {
		for (const name of readdirSync(output)) {
			say(`Publishing ${name} ...`);
			const options = ['--userconfig', registry.npmrc, '--access', 'public', '--loglevel=error'];
			await runTool('npm', ['publish', ...options], {cwd: path.join(output, name)});
		}

		const files = positionals.map(name => `dist/test/packages/${name}.test.js`);
		const ava = spawn(process.execPath, ['node_modules/ava/entrypoints/cli.mjs', ...files], {
			...{cwd: root, stdio: ['ignore', 'inherit', 'inherit']},
			env: {...process.env, STEPLADDER_TEST_NPMRC: registry.npmrc},
		});
		const [code] = await once(ava, 'close');
		process.exitCode = code ?? 1;
	} finally {
		await registry.close();
	}
});
