import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import process from 'node:process';
import test from 'node:test';
import {fileURLToPath} from 'node:url';

for (const script of ['train.cjs', 'worker.mjs']) {
	test(`${script} learns that a row is a row`, () => {
		const file = fileURLToPath(new URL(`../${script}`, import.meta.url));
		const {status, stdout, stderr} = spawnSync(process.execPath, [file], {encoding: 'utf8'});
		assert.equal(status, 0, stderr);
		assert.match(stdout, /^50 parameters say row, \d+ %\n$/);
	});
}
