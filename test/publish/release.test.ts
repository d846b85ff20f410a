import {mkdirSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {execa} from 'execa';
import {torchPlatforms as pinned} from '../../ts/libtorch/pins.js';
import {root} from '../helpers/cli.js';
import {Clone, script, textOf} from '../helpers/clone.js';

const {version} = JSON.parse(textOf('package.json'));
const {released, torchPlatforms} = await script('package/targets.mjs');

/** Makes empty packages where `npm run package` would write complete ones. */
const pack = (clone: Clone, names: string[], packed: string): void => {
	for (const name of names) {
		mkdirSync(path.join(clone.folder, 'build', 'npm', name), {recursive: true});
		const full = name === 'stepladder' ? name : `@stepladder/${name}`;
		clone.write(path.join('build', 'npm', name, 'package.json'), JSON.stringify({name: full, version: packed}));
	}
};

test('a release without every platform is refused before anything is published', async t => {
	const clone = new Clone(t);
	pack(clone, ['stepladder', 'linux-x64-gnu'], version);
	const {exitCode, stderr} = await clone.run(['release.mjs', '--dry-run']);
	t.is(exitCode, 1);
	t.regex(stderr, /^stepladder: build\Wnpm lacks linux-arm64-gnu, .*: build them with `npm run package`$/);
});

test('a release of packages of another version is refused before anything is published', async t => {
	const clone = new Clone(t);
	pack(clone, released, '0.0.1');
	const {exitCode, stderr} = await clone.run(['release.mjs', '--dry-run']);
	t.is(exitCode, 1);
	t.regex(stderr, /^stepladder: @stepladder\/\S+ was built as 0\.0\.1, this is /);
});

test('an interrupted release publishes the missing packages, the library last', async t => {
	const {startRegistry} = await script('package/registry.mjs');
	const registry = await startRegistry();
	t.teardown(registry.close);
	const env = {NPM_CONFIG_USERCONFIG: registry.npmrc};
	const clone = new Clone(t);
	pack(clone, released, version);
	await execa('npm', ['publish', '--access', 'public'], {
		cwd: path.join(clone.folder, 'build', 'npm', 'win32-x64'),
		env,
	});

	const {exitCode, stderr} = await clone.run(['release.mjs'], env);
	t.is(exitCode, 0, stderr);
	t.regex(stderr, new RegExp(`^@stepladder/win32-x64 ${version} is already published\\.$`, 'm'));
	const published = [...stderr.matchAll(/^Publishing (\S+) /gm)].map(([, name]) => name);
	t.is(published.length, released.length - 1);
	t.is(published.at(-1), 'stepladder');
	for (const name of published) {
		const answer = await fetch(new URL(encodeURIComponent(`${name}`), registry.url));
		t.like(await answer.json(), {'dist-tags': {latest: version}});
	}
});

test('an addon with libtorch is released for every platform with a pinned libtorch', t => {
	t.deepEqual([...torchPlatforms].sort(), [...pinned].sort());
});

test('an unsupported platform is refused before any is run', async t => {
	const script = path.join(root, 'scripts', 'package', 'run-elsewhere.mjs');
	const {stderr, exitCode} = await execa(process.execPath, [script, 'darwin-arm64'], {reject: false});
	t.is(exitCode, 1);
	t.regex(stderr, /^stepladder: (?:macOS can’t run here: .*, win32-x64 can\.|Platforms are run on Linux x64)/);
});
