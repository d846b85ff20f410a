import {mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {type BuildOptions, build} from 'esbuild';
import {execa} from 'execa';
import {root} from '../helpers/cli.js';
import {temporaryFolder} from '../helpers/folder.js';

/** Bundles an app that opens images, and runs it. */
const runBundled = async (t: ExecutionContext, options: BuildOptions) => {
	const folder = temporaryFolder(t);
	mkdirSync(path.join(folder, 'node_modules'));
	symlinkSync(root, path.join(folder, 'node_modules', 'stepladder'), 'junction');
	writeFileSync(
		path.join(folder, 'app.mjs'),
		`import {arrays} from 'stepladder';
const set = {images: new Uint8Array(8 * 64), labels: [0, 1, 0, 1, 0, 1, 0, 1]};
console.log((await arrays({size: 8, channels: 1, train: set, test: set}).open('.')).train, 'images');`,
	);
	const outfile = path.join(folder, 'out.mjs');
	const entryPoints = [path.join(folder, 'app.mjs')];
	await build({entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error', ...options});
	const env = {STEPLADDER_CACHE: path.join(folder, 'cache')};
	return execa(process.execPath, [outfile], {cwd: folder, reject: false, env, timeout: 240_000});
};

test('an app runs whose bundle leaves the package outside', async t => {
	const {stdout, stderr} = await runBundled(t, {external: ['stepladder']});
	t.is(stdout, '8 images', stderr);
});

test('a bundle that contains the package says what to mark as external', async t => {
	const banner = {js: "import {createRequire as make} from 'node:module'; const require = make(import.meta.url);"};
	for (const options of [{}, {banner}]) {
		const {stderr, exitCode} = await runBundled(t, options);
		t.is(exitCode, 1);
		t.regex(
			stderr,
			/LoadError: stepladder was bundled into another file, .*: mark `stepladder` as external \(esbuild: `--external:stepladder`;/,
		);
	}
});
