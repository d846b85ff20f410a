import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test from 'node:test';
import {fileURLToPath} from 'node:url';

const example = fileURLToPath(new URL('..', import.meta.url));

test('every step is recorded over three seeds, and the report draws the net with its residual', t => {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'modern-net-'));
	t.after(() => rmSync(folder, {recursive: true, force: true}));
	for (const name of readdirSync(example).filter(name => name !== 'node_modules')) {
		cpSync(path.join(example, name), path.join(folder, name), {recursive: true});
	}

	symlinkSync(path.join(example, 'node_modules'), path.join(folder, 'node_modules'), 'junction');
	const {status, stdout, stderr} = spawnSync(process.execPath, ['climb.mjs'], {cwd: folder, encoding: 'utf8'});
	assert.equal(status, 0, stderr);
	for (const step of ['separable', 'residual', 'adamw', 'cosine', 'flip', 'crop']) {
		assert.match(stdout, new RegExp(`^${step}: [+−-]?\\d+\\.\\d\\d points against `, 'm'));
	}

	const last = readFileSync(path.join(folder, 'steps', '6-crop.ts'), 'utf8').replaceAll(/\s+/g, ' ');
	const [, mean] = /Test accuracy over the last \w+ epochs: (\d+\.\d+) %/.exec(last) ?? [];
	assert.ok(Number(mean) > 90, last.slice(0, 1500)); // four classes: 25 % by chance
	const page = readFileSync(path.join(folder, 'report', 'report.html'), 'utf8');
	for (const word of ['Leaves in colour', 'residual', 'depthwise', 'AdamW', 'maple']) {
		assert.ok(page.includes(word), word);
	}
});
