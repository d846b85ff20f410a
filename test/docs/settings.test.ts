import path from 'node:path';
import test from 'ava';
import {Clone, script, textOf} from '../helpers/clone.js';
import {readSettings} from '../helpers/settings.js';

test('docs/SETTINGS.md describes every setting, and is up to date', async t => {
	const {settingsPage} = await script('settings/page.mjs');
	const {page, problems} = settingsPage(await readSettings());
	t.deepEqual(problems, []);
	t.true(textOf('docs/SETTINGS.md') === page, 'docs/SETTINGS.md is out of date: write it with `npm run settings`');
});

test('a setting without a description, a range, a unit or a default is found, with what to add', async t => {
	const clone = new Clone(t);
	const file = path.join('ts', 'data', 'image-folder', 'split-images.ts');
	clone.write(
		file,
		clone.read(file).replace('readonly test: number;', 'readonly test: number;\n\treadonly gap?: number;'),
	);
	const {exitCode, stderr} = await clone.run(['settings.mjs']);
	t.is(exitCode, 1);
	t.regex(stderr, /split-images\.ts:\d+: add to `gap`: a docstring .*; `@range .*; `@unit`.*; `@default`/);
});
