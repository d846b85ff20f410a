import path from 'node:path';
import test from 'ava';
import {execa} from 'execa';
import {main, root} from '../helpers/cli.js';
import {nodeOf} from '../helpers/node-versions.js';

const old = nodeOf(18);

for (const [what, script] of [
	['the installed program', main],
	['a script of a clone', path.join(root, 'scripts', 'run.mjs')],
] as const) {
	test(`an old Node that starts ${what} prints one sentence`, async t => {
		const {stdout, stderr, exitCode} = await execa(await old, [script, 'ladder'], {reject: false});
		t.is(stdout, '');
		t.regex(stderr, /^stepladder:? .*needs Node 20\.19\+, 22\.20\+ or 24\.12\+.* this is v18\.\d+\.\d+\.?$/);
		t.is(exitCode, 1);
	});
}
