import path from 'node:path';
import test from 'ava';
import {Clone, script} from '../helpers/clone.js';

test('docs/SHIPPED.md lists the shipped packages', async t => {
	const clone = new Clone(t);
	const {exitCode, stderr} = await clone.run(['licenses.mjs', '--check']);
	t.is(exitCode, 0, stderr);
});

test('a package that docs/SHIPPED.md lacks is found', async t => {
	const clone = new Clone(t);
	clone.write(
		path.join('docs', 'SHIPPED.md'),
		clone.read(path.join('docs', 'SHIPPED.md')).replace(/^\| zod .*\n/m, ''),
	);
	const {exitCode, stderr} = await clone.run(['licenses.mjs', '--check']);
	t.is(exitCode, 1);
	t.regex(stderr, /docs\/SHIPPED\.md is out of date: write it with `npm run licenses`/);
});

test('a package whose licence is not allowed is refused by name', async t => {
	const clone = new Clone(t);
	const lock = JSON.parse(clone.read('package-lock.json'));
	lock.packages['node_modules/zod'].license = 'AGPL-3.0';
	clone.write('package-lock.json', JSON.stringify(lock));
	const {exitCode, stderr} = await clone.run(['licenses.mjs', '--check']);
	t.is(exitCode, 1);
	t.regex(stderr, /not an allowed licence: zod \(AGPL-3\.0\)/);
});

test('the licences of an addon name every crate in it', async t => {
	const {linkedCrates, thirdPartyLicenses} = await script('licenses/crates.mjs');
	const {rustTarget, targets} = await script('package/targets.mjs');
	for (const target of targets) {
		const triple = rustTarget(target);
		const text: string = thirdPartyLicenses(triple);
		const crates: Array<{name: string; version: string}> = linkedCrates([triple]);
		t.true(crates.length > 40, triple);
		t.deepEqual(
			crates.filter(({name, version}) => !text.includes(`\n${name} ${version} (`)),
			[],
			triple,
		);
	}
});
