import {execFileSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {crc32, deflateSync, gzipSync} from 'node:zlib';
import test from 'ava';
import sharp from 'sharp';
import {DataError, ImageError, loadModel} from '../../ts/index.js';
import {namedImages} from '../../ts/model/named-images.js';
import {type ModelInput, readImage} from '../../ts/model/read-image.js';
import {collect} from '../helpers/collect.js';
import {temporaryFolder} from '../helpers/folder.js';

const digit = {channels: 1, size: 28, form: 'mnist-digits'} as const;
const whole = {channels: 1, size: 28} as const;

const words = (...numbers: readonly number[]): Buffer => {
	const bytes = Buffer.alloc(4 * numbers.length);
	for (const [index, number] of numbers.entries()) {
		bytes.writeUInt32BE(number, 4 * index);
	}

	return bytes;
};

const chunk = (type: string, data: Uint8Array): Buffer => {
	const named = Buffer.concat([Buffer.from(type), data]);
	return Buffer.concat([words(data.length), named, words(crc32(named))]);
};

/** A grey PNG with these pixels, one bit each. */
const png = (width: number, height: number, pixels: Uint8Array, ...between: readonly Buffer[]): Buffer =>
	Buffer.concat([
		Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
		chunk('IHDR', Buffer.concat([words(width, height), Buffer.from([1, 0, 0, 0, 0])])),
		...between,
		chunk('IDAT', deflateSync(pixels)),
		chunk('IEND', Buffer.alloc(0)),
	]);

/** Reads the first image that a name stands for. */
const readFirst = async (name: string, model: ModelInput) => (await collect(namedImages([name], model, {})))[0]?.read();

const mebibytes = 2 ** 20;

test('an image of more pixels than are decoded is refused by a sentence with both numbers', async t => {
	const message = /30000 x 30000 pixels, 900,000,000 in all, and at most 67,108,864 are decoded: make it smaller/;
	const image = png(30_000, 30_000, Buffer.alloc(30_000 * 3751));
	for (const taken of [digit, whole]) {
		await t.throwsAsync(readImage(image, taken), {instanceOf: ImageError, message});
		await t.throwsAsync(readImage(png(2 ** 31 - 1, 1, Buffer.alloc(100)), taken), {instanceOf: ImageError});
	}
});

test('an AVIF of more pixels than libheif unpacks in little memory is refused by its header alone', async t => {
	const large = async (side: number): Promise<Buffer> => {
		const image = await sharp({create: {width: 64, height: 64, channels: 4, background: '#f008'}})
			.avif()
			.toBuffer();
		const size = image.indexOf('ispe') + 8; // the box of width and height
		words(side, side).copy(image, size);
		return image;
	};
	const message =
		/4097 x 4097 pixels, 16,785,409 in all, and at most 16,777,216 are decoded of an AVIF: make it smaller, or save it as PNG or JPEG/;
	for (const taken of [digit, whole]) {
		await t.throwsAsync(readImage(await large(4097), taken), {instanceOf: ImageError, message});
		t.is((await readImage(await large(64), taken)).pixels.length, 28 * 28);
	}
});

test('an image that is too wide to be decoded in little memory is refused, however few pixels it has', async t => {
	const message = /2097192 x 30 pixels, and at most 65,536 a side are decoded: make it smaller/;
	for (const taken of [digit, whole]) {
		await t.throwsAsync(readImage(png(2_097_192, 30, Buffer.alloc(100)), taken), {instanceOf: ImageError, message});
	}
});

test.serial(
	'a small image that brings 256 MiB of pixels or of a profile that it does not need takes no such room',
	async t => {
		const much = Buffer.alloc(256 * mebibytes);
		const needed = Buffer.alloc(28 * 5);
		const profile = chunk('iCCP', Buffer.concat([Buffer.from('x\0\0'), deflateSync(much)]));
		const images = [png(28, 28, much), png(28, 28, needed, profile)];
		const before = process.memoryUsage.rss();
		for (const image of images) {
			t.is((await readImage(image, digit)).blank, true);
			t.is((await readImage(image, whole)).blank, false); // a class may be uniform
		}

		t.true(process.memoryUsage.rss() - before < 128 * mebibytes);
	},
);

test('a small archive that would unpack to gigabytes is refused by its header', async t => {
	const file = path.join(temporaryFolder(t), 'train-images-idx3-ubyte.gz');
	writeFileSync(file, gzipSync(Buffer.concat([words(2051, 5_000_000, 28, 28), Buffer.alloc(mebibytes)])));
	const message = /expected 3920000000 bytes .* found a file of \d+ bytes, which may unpack to 67108864/;
	await t.throwsAsync(readFirst(`${file}:0`, whole), {instanceOf: DataError, message});
});

if (process.platform !== 'win32') {
	test('a pipe or a device in place of an image, a model or images is refused at once', async t => {
		const place = path.join(temporaryFolder(t), 'pipe');
		execFileSync('mkfifo', [place, `${place}-idx3-ubyte`]);
		for (const file of [place, '/dev/zero']) {
			await t.throwsAsync(readImage(file, digit), {message: /it is a (?:pipe|device), not a file/});
			await t.throwsAsync(readImage(file, whole), {message: /it is a (?:pipe|device), not a file/});
			await t.throwsAsync(loadModel(file), {message: /it is not a file/});
		}

		await t.throwsAsync(readFirst(`${place}-idx3-ubyte`, whole), {message: /something that is not a file/});
	});
}

/** A model of 2.5 million parameters, all zero, in the format without a checksum. */
const largeModel = (): Buffer => {
	const conv = (channels: number) => ({kind: 'conv', channels, kernel: 1, padding: 0, bias: false});
	const block = {order: ['conv', 'norm', 'relu', 'dropout'], bias: false, norm: 'none', dropout: 0};
	const body = [conv(1600), conv(1600)];
	const net = {channels: 1, size: 1, classes: 2, block, body, head: [conv(2), {kind: 'flatten'}]};
	const tensors: Record<string, unknown> = {};
	let end = 0;
	for (const [name, shape] of [
		['body.0', [1600, 1, 1, 1]],
		['body.1', [1600, 1600, 1, 1]],
		['head.0', [2, 1600, 1, 1]],
	] as const) {
		const begin = end;
		end += 4 * shape.reduce<number>((product, size) => product * size, 1);
		tensors[`${name}.conv.weight`] = {dtype: 'F32', shape, data_offsets: [begin, end]};
	}

	const stepladder = JSON.stringify({net, normalisation: {mean: 0, deviation: 1}});
	const header = Buffer.from(JSON.stringify({__metadata__: {stepladder}, ...tensors}));
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(BigInt(header.length));
	return Buffer.concat([length, header, Buffer.alloc(end)]);
};

test.serial('models that were loaded and dropped are collected before they fill the memory', async t => {
	const file = path.join(temporaryFolder(t), 'model.safetensors');
	writeFileSync(file, largeModel());
	const before = process.memoryUsage.rss();
	for (let count = 0; count < 100; count += 1) {
		const model = await loadModel(file);
		await model.predict(new Uint8Array(1));
	}

	// They are 10 MiB of weights each, and 20 with what predicting makes of them.
	t.true(process.memoryUsage.rss() - before < 700 * mebibytes, `${process.memoryUsage.rss() - before}`);
});
