// Publishes the packages under build/npm: addons first, then `stepladder`, which depends on them. Skips packages that the
// registry already has, so that an interrupted release can be run again. `--dry-run` publishes none.
import {spawnSync} from 'node:child_process';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {version} from './package/pack.mjs';
import {released} from './package/targets.mjs';
import {root, runMain} from './set-up/index.mjs';
import {runTool, say, ToolFailed} from './set-up/tool.mjs';

const dryRun = process.argv.includes('--dry-run');
const output = path.join(root, 'build', 'npm');

/** Returns the built packages, in the order of publishing. */
const built = () => {
	const folders = existsSync(output) ? readdirSync(output) : [];
	const missing = released.filter(name => !folders.includes(name));
	if (missing.length > 0) {
		throw new ToolFailed(
			`${path.relative(root, output)} lacks ${missing.join(', ')}: build them with \`npm run package\``,
		);
	}

	return released.map(name => {
		const folder = path.join(output, name);
		const {name: full, version: packed} = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
		if (packed !== version) {
			throw new ToolFailed(
				`${full} was built as ${packed}, this is ${version}: build it again with \`npm run package\``,
			);
		}

		return {folder, name: full};
	});
};

/** @param {string} name */
const isPublished = name => {
	const {status, signal, stderr, error} = spawnSync(
		'npm',
		['view', `${name}@${version}`, 'version', '--json=false', '--loglevel=error'],
		{
			encoding: 'utf8',
			shell: process.platform === 'win32',
		},
	);
	if (status !== 0 && !/E404/.test(stderr)) {
		const reason = error?.message ?? (stderr.trim() || `npm ended with ${signal ?? status}`);
		throw new ToolFailed(`the registry did not say whether it has ${name} ${version}: ${reason}`);
	}

	return status === 0;
};

await runMain(async () => {
	for (const {folder, name} of built()) {
		if (isPublished(name)) {
			say(`${name} ${version} is already published.`);
		} else {
			say(`Publishing ${name} ${version} ...`);
			await runTool('npm', ['publish', folder, '--access', 'public', ...(dryRun ? ['--dry-run'] : [])]);
		}
	}
});
