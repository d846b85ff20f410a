import {readFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {pathToFileURL} from 'node:url';
import {runInNewContext} from 'node:vm';
import test from 'ava';
import {mathNames, squeezed} from '../../ts/export/js/squeeze.js';
import {kernels} from '../../ts/export/kernels.js';
import {readOnnx} from '../../ts/export/onnx/evaluate.js';
import {readModel} from '../../ts/export/read-model.js';
import {type ExportOptions, exportModel, type Net} from '../../ts/index.js';
import {native} from '../../ts/native/load.js';
import {unwrap} from '../../ts/native/unwrap.js';
import {temporaryFolder} from '../helpers/folder.js';
import {ladder} from '../helpers/mnist.js';
import {noise, noiseSource, randomModel, randomModels} from '../helpers/random-model.js';

const models = await randomModels();
const [{file: plain, net: plainNet} = {file: '', net: {} as Net}] = models;

/** Exports a model into a folder that goes with the test. */
const exported = async (
	t: Parameters<typeof temporaryFolder>[0],
	file: string,
	options: ExportOptions,
): Promise<Awaited<ReturnType<typeof exportModel>>> =>
	exportModel(file, {out: path.join(temporaryFolder(t), 'out'), name: 'net', ...options});

/** Logits of a model itself, for noise. */
const expectedLogits = async (file: string, count: number): Promise<{pixels: Uint8Array[]; logits: number[][]}> => {
	const {graph, classes} = await readModel(file);
	const length = graph.images.reduce((product, side) => product * side, 1);
	const pixels = noise(count * length, 3);
	const logits = [...unwrap(await unwrap(await native().loadModel(file)).logits(pixels))];
	const each = Array.from({length: count}, (_, index) => index);
	return {
		pixels: each.map(index => pixels.subarray(index * length, (index + 1) * length)),
		logits: each.map(index => logits.slice(index * classes.length, (index + 1) * classes.length)),
	};
};

for (const {name, net, file} of models) {
	for (const fold of [false, true]) {
		const title = `${name} net${fold ? ' with folded norms' : ''}`;
		test(`a ${title} answers the same in JavaScript, within 1e-6 of the logits`, async t => {
			const {evidence} = await exported(t, file, {format: 'js', fold, data: noiseSource(net, 60)});
			t.is(evidence.images.count, 60);
			const [{runtime, differ, largestDifference} = {runtime: '', differ: -1, largestDifference: -1}] =
				evidence.answers;
			t.is(runtime, `Node.js ${process.versions.node}`);
			t.is(differ, 0);
			t.true(largestDifference <= 1e-6, String(largestDifference));
		});

		test(`ONNX Runtime gives the answers of a ${title}, within 1e-6 of the logits`, async t => {
			const {evidence} = await exported(t, file, {format: 'onnx', fold, data: noiseSource(net, 60)});
			const [{runtime, differ, largestDifference} = {runtime: '', differ: -1, largestDifference: -1}] =
				evidence.answers;
			t.regex(runtime, /^onnxruntime-web \d/);
			t.is(differ, 0);
			t.true(largestDifference <= 1e-6, String(largestDifference));
			t.deepEqual(
				evidence.missing.map(({runtime}) => runtime),
				['onnxruntime-node'],
			);
		});
	}

	for (const opset of [11, 13, 14, 20, 26]) {
		test(`the evaluator of ONNX files gives the logits of a ${name} net in opset ${opset}`, async t => {
			const {folder} = await exported(t, file, {format: 'onnx', opset});
			const onnx = readOnnx(path.join(folder, 'net.onnx'));
			t.is(onnx.opset, opset);
			const {pixels, logits} = await expectedLogits(file, 20);
			for (const [index, image] of pixels.entries()) {
				const largest = Math.max(
					...onnx.logits(image).map((value, label) => Math.abs(value - (logits[index]?.[label] ?? 0))),
				);
				t.true(largest <= 1e-6, String(largest));
			}
		});
	}
}

test('a net without exponential functions has the very bits of the model in JavaScript', async t => {
	const {evidence} = await exported(t, plain, {format: 'js', data: noiseSource(plainNet, 60)});
	t.is(evidence.answers[0]?.largestDifference, 0);
});

for (const {name, experiment} of ladder.steps) {
	test(`the net of ${name} answers the same in every format`, async t => {
		const ending = temporaryFolder(t);
		const file = await randomModel(t, experiment.net);
		for (const format of ['js', 'onnx'] as const) {
			const {evidence} = await exportModel(file, {
				...{format, out: path.join(ending, format), data: noiseSource(experiment.net, name === 'basic-setup' ? 2 : 20)},
			});
			const [{differ, largestDifference} = {differ: -1, largestDifference: 1}] = evidence.answers;
			t.is(differ, 0);
			t.true(largestDifference <= (format === 'js' ? 0 : 1e-5), `${format} ${largestDifference}`); // another order of sums
		}
	});
}

test('versions of ONNX files go with their operators, as the `onnx` package says', async t => {
	for (const [opset, ir] of [
		[17, 8],
		[19, 9],
		[21, 10],
		[23, 11],
		[25, 12],
		[26, 13],
	] as const) {
		const {folder} = await exported(t, plain, {format: 'onnx', opset});
		t.is(readOnnx(path.join(folder, 'net.onnx')).irVersion, ir);
	}
});

test('an ONNX file says how images are prepared', async t => {
	const {folder, evidence} = await exported(t, plain, {format: 'onnx', softmax: true});
	const {metadata} = readOnnx(path.join(folder, 'net.onnx'));
	t.deepEqual(JSON.parse(metadata['classes'] ?? ''), ['class "0"', 'class "1"', 'class "2"']);
	t.is(metadata['model'], evidence.model.sha256);
	t.is(metadata['size'], '13');
	t.is(metadata['fit'], 'whole');
	t.is(metadata['grey'], '(19595 * red + 38470 * green + 7471 * blue + 32768) >> 16');
	t.is(metadata['input'], 'bytes from 0 to 255, [batch, channels, rows, columns]');
});

type Exports = {
	predict: (image: unknown) => {label: number; name: string; probabilities: number[]; logits: number[]};
	logits: (pixels: Uint8Array) => Float32Array;
	classes: string[];
};

const moduleIn = async (folder: string): Promise<Exports> => import(pathToFileURL(path.join(folder, 'net.js')).href);

test('a module predicts bytes and image data, with names and probabilities', async t => {
	const {folder} = await exported(t, plain, {format: 'js'});
	const {predict, classes} = await moduleIn(folder);
	const {pixels, logits} = await expectedLogits(plain, 3);
	for (const [index, image] of pixels.entries()) {
		const {label, name, probabilities, logits: values} = predict(image);
		t.deepEqual(values, logits[index]);
		t.is(label, values.indexOf(Math.max(...values)));
		t.is(name, `class "${label}"`);
		t.is(classes[label], name);
		t.true(Math.abs(probabilities.reduce((sum, value) => sum + value, 0) - 1) < 1e-12);
		const data = Uint8ClampedArray.from([...image].flatMap(level => [level, level, level, 255]));
		t.deepEqual(predict({data, width: 13, height: 13}).logits, values);
	}

	t.throws(() => predict(new Uint8Array(3)), {message: 'expected 169 bytes, got 3'});
});

test('a script does the same in a page without modules', async t => {
	const {folder} = await exported(t, plain, {format: 'js'});
	const page: {net?: Exports} = runInNewContext(
		`${readFileSync(path.join(folder, 'net.script.js'), 'utf8')}; ({net})`,
		{atob},
	);
	const {pixels, logits} = await expectedLogits(plain, 1);
	t.deepEqual([...(page.net as Exports).predict(Uint8Array.from(pixels[0] ?? [])).logits], logits[0]);
});

test('the module of MNIST’s last net is smaller than 40 kB', async t => {
	const net = ladder.step('weight-averaging').experiment.net;
	const {evidence} = await exported(t, await randomModel(t, net), {format: 'js', data: noiseSource(net, 2)});
	const [{bytes} = {bytes: 0}] = evidence.files;
	t.true(bytes > 36_000 && bytes < 40_000, String(bytes)); // 6,720 numbers are 35,840 characters of base64
});

test('source without white space computes the same', t => {
	const kernel = squeezed(`const conv = ${kernels.conv};`);
	t.notRegex(kernel, /Math|\n|, | = /);
	const squeezedConv = runInNewContext(`${mathNames(String(kernels.conv))}${kernel}conv`, {Float32Array});
	const input = Float32Array.from(noise(2 * 7 * 7, 1), value => value / 255);
	const weights = Float32Array.from(noise(4 * 9, 2), value => value / 255 - 0.5);
	const settings = [[2, 7, 7], [4, 4, 4], weights, undefined, 3, 2, 1, 1, 2] as const;
	t.deepEqual(squeezedConv(input, ...settings), kernels.conv(input, ...settings));
	t.is(squeezed('const a = {b: 1}; const c = 2; const d = c - 1;'), 'const a={b:1};const c=2,d=c-1;');
});
