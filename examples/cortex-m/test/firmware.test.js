import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {cpSync, mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test, {after} from 'node:test';

const tools = ['cc', 'make', 'arm-none-eabi-gcc', 'qemu-system-arm'];
const missing = tools.filter(tool => spawnSync(tool, ['--version']).error);
const skip = missing.length > 0 && `missing: ${missing.join(', ')}`;
const example = path.join(import.meta.dirname, '..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'example-cortex-m-'));
after(() => rmSync(folder, {recursive: true, force: true}));

test('the firmware reads digits under QEMU', {skip}, () => {
	cpSync(path.join(example, 'firmware'), path.join(folder, 'firmware'), {recursive: true});
	const made = spawnSync(process.execPath, ['make.js'], {
		...{cwd: example, encoding: 'utf8', env: {...process.env, EPOCHS: '2', OUT: folder}},
	});
	assert.equal(made.status, 0, made.stderr);
	const ran = spawnSync('make', ['-C', path.join(folder, 'firmware'), 'run'], {encoding: 'utf8'});
	assert.equal(ran.status, 0, ran.stderr);
	const lines = ran.stdout.match(/image \d: a \d, read as \d/g) ?? [];
	assert.equal(lines.length, 10, ran.stdout);
	const right = lines.filter(line => /a (\d), read as \1/.test(line));
	assert.ok(right.length >= 9, ran.stdout);
});
