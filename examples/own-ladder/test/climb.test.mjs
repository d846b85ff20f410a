import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test from 'node:test';
import {fileURLToPath} from 'node:url';

const example = fileURLToPath(new URL('..', import.meta.url));

test('both steps are recorded on images from files, described in their files, and shown in the report', t => {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'own-ladder-'));
	t.after(() => rmSync(folder, {recursive: true, force: true}));
	for (const name of readdirSync(example).filter(name => name !== 'node_modules' && name !== 'images')) {
		cpSync(path.join(example, name), path.join(folder, name), {recursive: true});
	}

	symlinkSync(path.join(example, 'node_modules'), path.join(folder, 'node_modules'), 'junction');
	const run = (...words) => {
		const {status, stdout, stderr} = spawnSync(process.execPath, words, {cwd: folder, encoding: 'utf8'});
		assert.equal(status, 0, stderr);
		return stdout;
	};

	run('draw-images.mjs');
	const output = run('climb.mjs');
	assert.match(output, /batch-norm, seed 3, epoch 8 of 8: \d/);
	assert.match(output, /^test: \d+\.\d\d points$/m); // the primary measure, whose difference is significant
	for (const step of ['0-baseline', '1-batch-norm']) {
		assert.match(
			readFileSync(path.join(folder, 'steps', `${step}.ts`), 'utf8'),
			/^\/\*\nTarget: [\s\S]*\nResult: (Held|Missed: held) by [0-3] of 3 seeds/,
		);
	}

	const page = readFileSync(path.join(folder, 'report', 'report.html'), 'utf8');
	for (const word of ['Shapes in files', 'baseline', 'batch-norm', 'circle', 'square', 'triangle']) {
		assert.ok(page.includes(word), word);
	}

	assert.ok(existsSync(path.join(folder, 'records')));
});
