import {chmodSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import type {OwnLadder} from '../helpers/own-ladder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';

/** Writes a report with a PATH that contains at most the given opener. */
const reported = async (t: ExecutionContext, own: OwnLadder, script?: string, ...flags: string[]) => {
	own.write('bin/.keep', '');
	if (script !== undefined) {
		own.write(`bin/${opener}`, script);
		chmodSync(path.join(own.folder, 'bin', opener), 0o755);
	}

	const ran = await own.run(['report', ...flags], {env: {PATH: path.join(own.folder, 'bin')}});
	t.is(ran.exitCode, 0, ran.stderr);
	t.regex(own.read('report/report.html'), /^<!doctype html>/);
	return ran;
};

/** A test can't replace the opener of Windows. */
const opens = process.platform === 'win32' ? test.skip : test;

opens('`--open` opens a report with the system’s opener', async t => {
	const own = tinyLadder(t);
	const script = `#!/bin/sh\nprintf %s "$1" > "${own.folder}/opened.txt"\n`;
	await reported(t, own, script);
	t.throws(() => own.read('opened.txt'), {code: 'ENOENT'});
	const {stderr} = await reported(t, own, script, '--open');
	t.is(stderr, '');
	t.is(own.read('opened.txt'), path.join(own.folder, 'report', 'report.html'));
});

opens('without an opener, or if it fails, a sentence says where the page is', async t => {
	const own = tinyLadder(t);
	const missing = await reported(t, own, undefined, '--open');
	const page = path.join(own.folder, 'report', 'report.html');
	t.is(missing.stderr, `The page was not opened: there is no ${opener} here. Open it by hand: ${page}`);
	const failed = await reported(t, own, '#!/bin/sh\nexit 3\n', '--open');
	t.is(failed.stderr, `The page was not opened: ${opener} ended with 3. Open it by hand: ${page}`);
});
