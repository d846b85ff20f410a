import {spawnSync} from 'node:child_process';
import process from 'node:process';
import test from 'ava';
import {root} from '../helpers/cli.js';

const evaluated = (code: string, type: 'module' | 'commonjs') =>
	spawnSync(process.execPath, [`--input-type=${type}`, '--eval', code], {cwd: root, encoding: 'utf8'});

test('the package can be required as well as imported, and both are the same', t => {
	const {stdout, stderr} = evaluated(
		`const {train, StepladderError} = require('stepladder');
		import('stepladder').then(m => console.log(m.train === train && m.StepladderError === StepladderError));`,
		'commonjs',
	);
	t.is(stdout.trim(), 'true', stderr);
});

test('importing the package loads neither the addon nor the library for images', t => {
	const {stdout} = evaluated(
		`await import('stepladder');
		import {createRequire} from 'node:module';
		const loaded = Object.keys(createRequire(import.meta.url).cache);
		console.log(loaded.filter(file => /\\.node$|sharp/.test(file)).length);`,
		'module',
	);
	t.is(stdout.trim(), '0');
});
