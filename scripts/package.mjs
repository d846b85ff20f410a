// Builds the packages that are published: `stepladder` and an addon for each platform, all under build/npm.
// `npm run package`, or `npm run package -- linux-x64-gnu win32-x64` for some platforms alone.
import {copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {rustTarget, targets} from './package/targets.mjs';
import {crossToolchain} from './package/toolchain.mjs';
import {root, runMain, setUp} from './set-up/index.mjs';
import {MissingNeed} from './set-up/need.mjs';
import {runTool, say, ToolFailed} from './set-up/tool.mjs';

const output = path.join(root, 'build', 'npm');
const own = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

/**
 * @param {string} folder
 * @param {object} content
 */
const writePackage = (folder, content) => {
	writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(content, undefined, '\t')}\n`);
	copyFileSync(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'));
};

/** What every package says of itself. */
const about = {
	version: own.version,
	license: own.license,
	repository: own.repository,
	engines: own.engines,
};

/**
 * Builds the addon of a platform and the package around it.
 *
 * @param {import('./package/targets.mjs').Target} target
 * @param {NodeJS.ProcessEnv} env
 */
const packAddon = async (target, env) => {
	const {platform, triple, library, os, cpu, libc, rustFlags} = target;
	say(`Building @stepladder/${platform} ...`);
	const built = path.join(root, 'target', 'packages');
	await runTool(
		'cargo',
		['zigbuild', '--release', '--locked', '--quiet', '--package', 'stepladder-addon', '--target', triple],
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
	const folder = path.join(output, platform);
	rmSync(folder, {recursive: true, force: true});
	mkdirSync(folder, {recursive: true});
	copyFileSync(path.join(built, rustTarget(target), 'release', library), path.join(folder, 'stepladder.node'));
	const name = `@stepladder/${platform}`;
	writePackage(folder, {
		...{name, ...about, description: `The native addon of stepladder for ${platform}`},
		...{main: 'stepladder.node', files: ['stepladder.node'], os, cpu, ...(libc && {libc})},
	});
	writeFileSync(
		path.join(folder, 'README.md'),
		`# ${name}\n\nThe native addon of [stepladder](https://www.npmjs.com/package/stepladder) for ${platform}.\n`,
	);
	return statSync(path.join(folder, 'stepladder.node')).size;
};

/** JavaScript, types and templates, with the platforms' addons as optional dependencies. */
const packLibrary = () => {
	const folder = path.join(output, 'stepladder');
	rmSync(folder, {recursive: true, force: true});
	mkdirSync(folder, {recursive: true});
	for (const place of ['dist/ts', 'templates', 'README.md', 'CHANGELOG.md']) {
		if (existsSync(path.join(root, place))) {
			cpSync(path.join(root, place), path.join(folder, place), {recursive: true});
		}
	}

	const {devDependencies: _, scripts: __, napi: ___, stepladder: ____, ...published} = own;
	const optionalDependencies = Object.fromEntries(
		targets.map(({platform}) => [`@stepladder/${platform}`, own.version]),
	);
	writePackage(folder, {...published, optionalDependencies});
};

await runMain(async () => {
	const chosen = process.argv.slice(2);
	const unknown = chosen.find(name => !targets.some(({platform}) => platform === name));
	if (unknown !== undefined) {
		throw new MissingNeed(
			`There is no platform ${unknown}: there are ${targets.map(({platform}) => platform).join(', ')}.`,
		);
	}

	await setUp();
	packLibrary();
	const env = await crossToolchain();
	const rows = [];
	for (const target of targets.filter(({platform}) => chosen.length === 0 || chosen.includes(platform))) {
		try {
			const bytes = await packAddon(target, env);
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
