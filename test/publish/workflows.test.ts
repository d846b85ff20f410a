import {readdirSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {root} from '../helpers/cli.js';
import {script, textOf} from '../helpers/clone.js';

const folder = path.join('.github', 'workflows');
const workflows = readdirSync(path.join(root, folder)).map(name => ({name, text: textOf(path.join(folder, name))}));
const found = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, part = '']) => part);
const {engines, scripts} = JSON.parse(textOf('package.json'));

test('every third-party action is pinned to a commit, with its version', t => {
	for (const {name, text} of workflows) {
		const used = found(text, /uses: (.*)$/gm).filter(action => !action.startsWith('./'));
		t.true(used.length > 0, name);
		t.deepEqual(
			used.filter(action => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action)),
			[],
			name,
		);
	}
});

test('workflows have minimal permissions, and only the publishing job has an identity', t => {
	for (const {name, text} of workflows) {
		t.regex(text, /^permissions:( \{\}|\n {2}contents: read)/m, name);
		t.notRegex(text, /secrets\.(?!GITHUB_TOKEN)/, name);
	}

	const publishing = workflows
		.flatMap(({text}) => text.split(/^(?= {2}[\w-]+:$)/m))
		.filter(job => /id-token: write/.test(job));
	t.deepEqual(
		publishing.map(job => job.trim().split(':', 1)[0]),
		['publish'],
	);
});

test('every script that a workflow runs is in package.json', t => {
	for (const {name, text} of workflows) {
		const wanted = found(text, /npm run ([\w:-]+)/g);
		t.deepEqual(
			wanted.filter(command => !Object.hasOwn(scripts, command)),
			[],
			name,
		);
	}
});

test('CI tests each Node line of `engines`', t => {
	const [ci = ''] = workflows.filter(({name}) => name === 'ci.yml').map(({text}) => text);
	t.deepEqual(found(ci, /node: \[(.*)\]/g), [found(engines.node, /(\d+)\.\d+/g).join(', ')]);
});

test('a release builds every platform once', async t => {
	const {released} = await script('package/targets.mjs');
	const [release = ''] = workflows.filter(({name}) => name === 'release.yml').map(({text}) => text);
	t.deepEqual(
		found(release, /\{platform: ([\w-]+),/g).sort(),
		released.filter((name: string) => name !== 'stepladder').sort(),
	);
});

test('workflows and packages use the same Rust', async t => {
	const [rust] = found(textOf(path.join('scripts', 'package', 'toolchain.mjs')), /rustVersion = '([\d.]+)'/g);
	for (const {name, text} of workflows) {
		t.deepEqual(found(text, /RUSTUP_TOOLCHAIN: ([\d.]+)/g), [rust], name);
	}
});
