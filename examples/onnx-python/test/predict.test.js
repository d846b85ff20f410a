import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test, {after} from 'node:test';

const {PYTHON = 'python3'} = process.env;
const has = spawnSync(PYTHON, ['-c', 'import numpy, onnxruntime, PIL']).status === 0;
const skip = !has && `missing: ${PYTHON} with numpy, onnxruntime and pillow; name another in PYTHON`;
const example = path.join(import.meta.dirname, '..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'example-onnx-python-'));
after(() => rmSync(folder, {recursive: true, force: true}));

test('Python reads the images as the model does', {skip}, () => {
	const made = spawnSync(process.execPath, ['make.js'], {
		...{cwd: example, encoding: 'utf8', env: {...process.env, EPOCHS: '2', OUT: folder}},
	});
	assert.equal(made.status, 0, made.stderr);
	const images = path.join(folder, 'images');
	const files = readdirSync(images)
		.filter(name => name.endsWith('.png'))
		.sort()
		.map(name => path.join(images, name));
	assert.equal(files.length, 10);
	const model = path.join(folder, 'digits', 'digits.onnx');
	const read = spawnSync(PYTHON, [path.join(example, 'predict.py'), '--model', model, '--json', ...files], {
		encoding: 'utf8',
	});
	assert.equal(read.status, 0, read.stderr);
	const expected = JSON.parse(readFileSync(path.join(images, 'answers.json'), 'utf8'));
	const answers = JSON.parse(read.stdout);
	assert.equal(answers.length, 10);
	for (const [index, {image, name, probabilities}] of answers.entries()) {
		assert.deepEqual([image, name], [expected[index].image, expected[index].name]);
		for (const [label, probability] of probabilities.entries()) {
			assert.ok(Math.abs(probability - expected[index].probabilities[label]) < 1e-5, `${image}, class ${label}`);
		}
	}
});
