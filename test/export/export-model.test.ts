import {spawnSync} from 'node:child_process';
import {cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {execa} from 'execa';
import {startAnswering} from '../../ts/export/answering-process.js';
import {readModel} from '../../ts/export/read-model.js';
import {
	AbortError,
	ConfigError,
	checkExport,
	DataError,
	type ExportOptions,
	exportModel,
	ModelError,
	type Net,
} from '../../ts/index.js';
import {cli, main} from '../helpers/cli.js';
import {temporaryFolder} from '../helpers/folder.js';
import {noiseSource, randomModels} from '../helpers/random-model.js';

const [{file: model, net} = {file: '', net: {} as Net}] = await randomModels();
const data = noiseSource(net, 30);

test('an export has its files, a README, the model and the evidence', async t => {
	const out = path.join(temporaryFolder(t), 'a', 'b');
	const {folder, evidence} = await exportModel(model, {format: 'js', name: 'tiny', out, data});
	t.is(folder, out);
	t.deepEqual(readdirSync(out).sort(), ['README.md', 'export.json', 'model.safetensors', 'tiny.js', 'tiny.script.js']);
	t.deepEqual(readFileSync(path.join(out, 'model.safetensors')), readFileSync(model));
	const written = JSON.parse(readFileSync(path.join(out, 'export.json'), 'utf8'));
	t.deepEqual(written, {format: 1, ...JSON.parse(JSON.stringify(evidence))});
	t.is(evidence.kind, 'js');
	t.is(evidence.images.count, 30);
	t.regex(readFileSync(path.join(out, 'README.md'), 'utf8'), /class \\"0\\"/);
	t.deepEqual(readdirSync(path.dirname(out)), ['b']); // no temporary folder is left
});

test('the JavaScript of a README.md works', async t => {
	const out = path.join(temporaryFolder(t), 'out');
	await exportModel(model, {format: 'js', name: 'tiny', out, data});
	const [, code = ''] = /```js\n([^`]+)```/.exec(readFileSync(path.join(out, 'README.md'), 'utf8')) ?? [];
	writeFileSync(path.join(out, 'try.mjs'), code.replace('./tiny.js', './tiny.mjs'));
	cpSync(path.join(out, 'tiny.js'), path.join(out, 'tiny.mjs'));
	const {stdout, stderr} = spawnSync(process.execPath, ['try.mjs'], {cwd: out, encoding: 'utf8'});
	t.regex(stdout, /^class "\d"\n$/, stderr);
});

test('a name is that of the run’s step where none is given', async t => {
	const {evidence} = await exportModel(path.dirname(model), {
		format: 'js',
		out: path.join(temporaryFolder(t), 'out'),
		data,
	});
	t.is(evidence.options.name, 'random');
});

test('a model for PyTorch has a layer for each tensor of its file, and is reported as unchecked without a Python', async t => {
	const out = path.join(temporaryFolder(t), 'out');
	const {evidence} = await exportModel(model, {format: 'pytorch', out, data});
	t.deepEqual(evidence.answers, []);
	t.regex(
		evidence.missing[0]?.reason ?? '',
		/no Python was named: name one that has torch, numpy and safetensors with `--python`/,
	);
	const source = readFileSync(path.join(out, 'model.py'), 'utf8');
	const layers = [...source.matchAll(/_place\("([^"]+)"/g)].map(([, layer]) => layer);
	const {graph} = await readModel(model);
	t.deepEqual(new Set(layers), new Set([...graph.tensors.keys()].map(name => name.replace(/\.\w+$/, ''))));
	const {missing} = (await exportModel(model, {format: 'pytorch', out: `${out}2`, data, python: 'no-such-python'}))
		.evidence;
	t.regex(missing[0]?.reason ?? '', /^no-such-python could not load the model \(.*ENOENT.*\): name one/);
});

test('a process answers in batches, and its last words are the error', async t => {
	const trained = await readModel(model);
	const {signal} = new AbortController();
	const answering = `process.stdout.write('Fake 1.0\\n'); let bytes = Buffer.alloc(0);
		process.stdin.on('data', data => { bytes = Buffer.concat([bytes, data]);
			while (bytes.length >= 4) { const count = bytes.readUInt32LE(); if (bytes.length < 4 + 169 * count) break;
				bytes = bytes.subarray(4 + 169 * count); process.stdout.write(Buffer.from(new Float32Array(3 * count).fill(count).buffer)); } });`;
	const runtime = await startAnswering(process.execPath, ['-e', answering], trained, signal);
	t.is(runtime.name, 'Fake 1.0');
	t.deepEqual(await runtime.logits(new Uint8Array(169)), Float32Array.of(1, 1, 1));
	t.deepEqual(await runtime.logits(new Uint8Array(2 * 169)), new Float32Array(6).fill(2));
	await runtime.close?.();
	const failing = startAnswering(
		process.execPath,
		['-e', 'console.error("first"); console.error("the reason")'],
		trained,
		signal,
	);
	await t.throwsAsync(failing, {message: 'the reason'});
});

test('a process that ends before it has answered is an error that names it, and so is one that is aborted', async t => {
	const trained = await readModel(model);
	const ending =
		"process.stdout.write('Fake 1.0\\n'); process.stdin.once('data', () => { console.error('out of memory'); process.exit(1); })";
	const runtime = await startAnswering(process.execPath, ['-e', ending], trained, new AbortController().signal);
	await t.throwsAsync(runtime.logits(new Uint8Array(169)), {
		instanceOf: ModelError,
		message: /ended before it had answered by the export \(out of memory\): try again/,
	});
	await runtime.close?.();

	const controller = new AbortController();
	const waiting = "process.stdout.write('Fake 1.0\\n'); process.stdin.resume()";
	const aborted = await startAnswering(process.execPath, ['-e', waiting], trained, controller.signal);
	const answer = t.throwsAsync(aborted.logits(new Uint8Array(169)), {instanceOf: AbortError});
	controller.abort();
	await answer;
	await aborted.close?.();

	const starting = new AbortController();
	const started = t.throwsAsync(
		startAnswering(process.execPath, ['-e', 'process.stdin.resume()'], trained, starting.signal),
		{
			instanceOf: AbortError,
		},
	);
	starting.abort();
	await started;
});

test('linear layers of a model for PyTorch take the values of a flatten as they are', async t => {
	const source = readFileSync(
		path.join(
			(await exportModel(model, {format: 'pytorch', out: path.join(temporaryFolder(t), 'out'), data})).folder,
			'model.py',
		),
		'utf8',
	);
	const forward = source.slice(source.indexOf('def forward'), source.indexOf('def load'));
	t.notRegex(forward, /flatten\(1\)\[|None\]\.flatten/);
	t.regex(forward, /return v\d+(\.flatten\(1\))?\n/);
});

const refuses = test.macro(
	async (t, options: Partial<ExportOptions>, instanceOf: typeof ConfigError | typeof ModelError, message: RegExp) => {
		const out = path.join(temporaryFolder(t), 'out');
		await t.throwsAsync(exportModel(model, {format: 'js', out, data, ...options}), {instanceOf, message});
		t.false(existsSync(out));
	},
);

test('an unknown format', refuses, {format: 'onx' as 'onnx'}, ConfigError, /`format` should be .*did you mean `onnx`/i);
test(
	'an opset that is too low',
	refuses,
	{format: 'onnx', opset: 9},
	ConfigError,
	/`opset` should be a whole number from 11 to 26, got 9/,
);
test(
	'an opset for another format',
	refuses,
	{format: 'js', opset: 13},
	ConfigError,
	/`opset` should be left out for all formats but onnx, got 13 for js/,
);
test(
	'probabilities for another format',
	refuses,
	{format: 'c', softmax: true},
	ConfigError,
	/`softmax` should be left out for all formats but onnx/,
);
test('an empty name', refuses, {format: 'js', name: ''}, ConfigError, /`name` should be a letter and then letters/);
test(
	'a name that is no identifier',
	refuses,
	{name: '2-nets'},
	ConfigError,
	/`name` should be a letter and then letters.*got `2-nets`/,
);
test(
	'a name that a language reserves',
	refuses,
	{name: 'class'},
	ConfigError,
	/no word that C or JavaScript reserves, got `class`/,
);
test(
	'folded norms in the model file itself',
	refuses,
	{format: 'pytorch', fold: true},
	ConfigError,
	/`fold` should be left out for pytorch/,
);
test('an unknown option', refuses, {flod: true} as object, ConfigError, /unknown name `flod`.*`fold`/);
test('images that are no source', refuses, {data: 7 as never}, ConfigError, /`data` should be a source/);

test('a folder that has something in it is refused, and left as it is', async t => {
	const out = temporaryFolder(t);
	await exportModel(model, {format: 'js', out, data}); // an empty one is fine
	const before = readFileSync(path.join(out, 'export.json'), 'utf8');
	await t.throwsAsync(exportModel(model, {format: 'onnx', out, data}), {
		instanceOf: ConfigError,
		message:
			/`out` should be a folder that is missing or empty, got .*, which has another export in it: remove it, or choose/,
	});
	t.is(readFileSync(path.join(out, 'export.json'), 'utf8'), before);
	const other = temporaryFolder(t);
	writeFileSync(path.join(other, 'mine.txt'), 'mine');
	await t.throwsAsync(exportModel(model, {format: 'js', out: other, data}), {message: /which has files in it/});
	const within = path.join(out, 'more', 'js');
	await t.throwsAsync(exportModel(model, {format: 'js', out: within, data}), {
		instanceOf: ConfigError,
		message: /`out` should be a folder outside of other exports, got .*more.js, within the export in /,
	});
	t.false(existsSync(path.join(out, 'more')));
	await t.throwsAsync(exportModel(model, {format: 'js', out: path.join(other, 'mine.txt'), data}), {
		message: /which is a file/,
	});
	t.deepEqual(readdirSync(other), ['mine.txt']);
});

test('what is no model is refused before anything is written', async t => {
	const out = path.join(temporaryFolder(t), 'out');
	await t.throwsAsync(exportModel('no-such-model', {format: 'js', out}), {instanceOf: ModelError});
	t.false(existsSync(out));
});

test('an export is checked again: its files, the images, the answers', async t => {
	const out = path.join(temporaryFolder(t), 'out');
	await exportModel(model, {format: 'js', name: 'tiny', out, data});
	const {agrees, changed, now} = await checkExport(out, {data});
	t.true(agrees);
	t.deepEqual(changed, []);
	t.is(now?.answers[0]?.differ, 0);
	t.false((await checkExport(out, {data: noiseSource(net, 31)})).agrees); // other images

	const file = path.join(out, 'tiny.js');
	const source = readFileSync(file, 'utf8');
	writeFileSync(file, source.replace('x/255', '1-x/255'));
	const edited = await checkExport(out, {data});
	t.deepEqual([edited.agrees, edited.changed, edited.now], [false, ['tiny.js'], undefined]);
});

test('a module whose answers are others than recorded is found', async t => {
	const out = path.join(temporaryFolder(t), 'out');
	const {evidence} = await exportModel(model, {format: 'js', name: 'tiny', out, data});
	const file = path.join(out, 'tiny.js');
	const wrong = readFileSync(file, 'utf8').replace('x/255', '1-x/255');
	writeFileSync(file, wrong);
	const {createHash} = await import('node:crypto');
	const sha256 = createHash('sha256').update(wrong).digest('hex');
	const files = evidence.files.map(entry =>
		entry.name === 'tiny.js' ? {...entry, sha256, bytes: wrong.length} : entry,
	);
	writeFileSync(path.join(out, 'export.json'), JSON.stringify({format: 1, ...evidence, files}));
	const {agrees, now} = await checkExport(out, {data});
	t.false(agrees);
	t.true((now?.answers[0]?.largestDifference ?? 0) > 0.01);
});

test('a folder without an export, and evidence that can’t be read, are errors', async t => {
	const folder = temporaryFolder(t);
	await t.throwsAsync(checkExport(folder), {
		instanceOf: DataError,
		message: /expected the folder of an export \(it has no export\.json\)$/,
	});
	writeFileSync(path.join(folder, 'export.json'), '{"format": 1}');
	await t.throwsAsync(checkExport(folder), {instanceOf: DataError, message: /expected the evidence of an export/});
});

test('the command exports and checks', async t => {
	const folder = temporaryFolder(t);
	const out = path.join(folder, 'out');
	mkdirSync(path.join(folder, 'images'));
	const first = await cli(
		'export',
		model,
		'--format',
		'js',
		'--out',
		out,
		'--name',
		'tiny',
		'--json',
		'--ladder',
		folder,
	);
	t.is(first.exitCode, 2, first.stderr); // a ladder that was named and is none
	const done = await cli('export', model, '--format', 'onnx', '--out', out, '--data', path.join(folder, 'images'));
	t.is(done.exitCode, 5, done.stderr); // no images in it
	t.false(existsSync(out));
	const outside = {reject: false, cwd: folder} as const; // where there is no ladder
	const noise = await execa(process.execPath, [main, 'export', model, '--format', 'js', '--out', 'noise'], outside);
	t.regex(
		noise.stdout,
		/^Compared with the model on 200 images \(noise\), which shows little: name images of yours with `--data PLACE`:$/m,
	);
	const unchecked = await execa(
		process.execPath,
		[main, 'export', model, '--format', 'pytorch', '--out', 'py'],
		outside,
	);
	t.regex(
		unchecked.stdout,
		/^Not compared with the model, since nothing was there to compute the export:\n {2}PyTorch: not checked, no Python/m,
	);
	t.regex(
		readFileSync(path.join(folder, 'py', 'README.md'), 'utf8'),
		/`stepladder export --check \. --python python3`/,
	);
	const nowhere = await cli('export', '--check', path.join(folder, 'nowhere'));
	t.is(nowhere.exitCode, 5);
	t.regex(String(nowhere.stderr), /nowhere: expected the folder of an export \(there is no such folder\)$/);
	t.notRegex(String(nowhere.stderr), /ENOENT/);
	const refused = await cli('export', model, '--out', out);
	t.is(refused.exitCode, 2);
	t.regex(refused.stderr, /`format` should be given as `--format <name>`/);
});
