import {readdirSync, rmSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {Clone, script, textOf} from '../helpers/clone.js';

const {version, engines} = JSON.parse(textOf('package.json'));

test('all files name the same version of Stepladder', async t => {
	const {namedVersions} = await script('publish/versions.mjs');
	const named: Array<{file: string; version: string}> = namedVersions();
	t.deepEqual(
		named.filter(one => one.version !== version),
		[],
	);
	t.deepEqual(
		[...new Set(named.map(({file}) => file))],
		[
			...['package.json', 'package-lock.json', 'Cargo.toml', 'Cargo.lock'],
			...[
				'browser',
				'cortex-m',
				'digit-server',
				'modern-net',
				'onnx-python',
				'own-ladder',
				'smallest',
				'sweep-in-node',
			].map(name => `examples/${name}/package.json`),
		],
	);
});

test('a changeset becomes a new version in every file, and a changelog entry', async t => {
	const clone = new Clone(t);
	const changesets = path.join(clone.folder, '.changeset');
	for (const name of readdirSync(changesets).filter(name => name.endsWith('.md') && name !== 'README.md')) {
		rmSync(path.join(changesets, name)); // of changes that wait for a release
	}

	clone.write('package.json', clone.read('package.json').replace(`"version": "${version}"`, '"version": "3.1.4"'));
	clone.write(path.join('.changeset', 'new.md'), '---\n"stepladder": minor\n---\n\nNets may have branches.\n');
	const {exitCode, stderr} = await clone.run(['version.mjs']);
	t.is(exitCode, 0, stderr);
	t.is(JSON.parse(clone.read('package.json')).version, '3.2.0');
	const lock = JSON.parse(clone.read('package-lock.json'));
	t.deepEqual([lock.version, lock.packages[''].version], ['3.2.0', '3.2.0']);
	t.regex(clone.read('Cargo.toml'), /^\[workspace\.package\]\s+version = "3\.2\.0"$/m);
	const example = JSON.parse(clone.read(path.join('examples', 'smallest', 'package.json')));
	t.is(example.dependencies.stepladder, '^3.2.0', 'an example takes the packages of its commit');
	const crates = [...clone.read('Cargo.lock').matchAll(/^name = "stepladder-(\w+)"\s+version = "3\.2\.0"$/gm)];
	t.deepEqual(
		crates.map(([, name]) => name),
		['addon', 'jpeg', 'kernels', 'torch', 'trainer'],
	);
	t.regex(
		clone.read('CHANGELOG.md'),
		/^# stepladder\s+## 3\.2\.0\s+### Minor Changes\s+- Nets may have branches\.\s+## /,
	);
});

test('README and the set-up name the Node of `engines`', async t => {
	const {neededNode} = await script('set-up/node.mjs');
	t.true(textOf('README.md').includes(neededNode), `README.md should say "${neededNode}"`);
	t.is(engines.node, '^20.19 || ^22.20 || >=24.12');
	t.is(neededNode, 'Node 20.19+, 22.20+ or 24.12+');
});

test('a Node fits if `engines` has its line', async t => {
	const {nodeFits} = await script('set-up/node.mjs');
	const fits = ['20.19.0', '20.20.2', '22.20.0', '24.12.0', '24.13.1', '25.0.0', '26.1.0'];
	const doesNot = ['18.20.8', '20.18.3', '21.7.3', '22.19.0', '23.11.1', '24.11.1'];
	t.deepEqual(fits.filter(nodeFits), fits);
	t.deepEqual(doesNot.filter(nodeFits), []);
});

test('README and the set-up name the Rust of Cargo.toml', async t => {
	const [, rust] = /^rust-version = "([\d.]+)"/m.exec(textOf('Cargo.toml')) ?? [];
	const {howToGet} = await script('set-up/need.mjs');
	t.true(textOf('README.md').includes(`Rust ${rust} or newer`));
	t.true(howToGet('rust').includes(`(${rust} or newer)`));
});
