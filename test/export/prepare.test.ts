import test from 'ava';
import sharp from 'sharp';
import {decodeImage} from '../../ts/data/decode/decode-image.js';
import {prepareImage} from '../../ts/data/decode/prepare-image.js';
import {preparation} from '../../ts/export/js/prepare.js';
import {fitDigit} from '../../ts/model/fit-digit.js';
import {styles} from '../helpers/drawn-digits.js';
import {noise} from '../helpers/random-model.js';

/** Decodes a file as a page does: red, green, blue and alpha. */
const imageData = async (file: Buffer): Promise<{data: Uint8Array; width: number; height: number}> => {
	const {data, info} = await sharp(file).ensureAlpha().raw().toBuffer({resolveWithObject: true});
	return {data, width: info.width, height: info.height};
};

const meanDifference = (one: Uint8Array, other: Uint8Array): number =>
	one.reduce((sum, level, index) => sum + Math.abs(level - (other[index] ?? Number.NaN)), 0) / one.length;

const {['photographed paper']: _, ...evenlyLit} = styles;

for (const [style, draw] of Object.entries(evenlyLit)) {
	test(`digits ${style} get the form that \`predict\` gives them, within a few levels`, async t => {
		for (let digit = 0; digit < 10; digit += 1) {
			const file = await draw(digit);
			const {pixels} = await fitDigit(await decodeImage(file, {deep: false}));
			const difference = meanDifference(preparation.toDigit(await imageData(file)), pixels);
			t.true(difference < 8, `${digit}: ${difference}`);
		}
	});
}

test('an image in MNIST’s form is taken as it is, and an empty one is black', t => {
	const pixels = Uint8Array.from({length: 784}, (_, index) => (index % 28 > 10 ? index % 256 : 0));
	const data = Uint8ClampedArray.from([...pixels].flatMap(level => [level, level, level, 255]));
	t.deepEqual(preparation.toDigit({data, width: 28, height: 28}), pixels);
	const white = {data: new Uint8ClampedArray(4 * 50 * 40).fill(255), width: 50, height: 40};
	t.deepEqual(preparation.toDigit(white), new Uint8Array(784));
});

const transparent = {data: noise(4 * 9 * 9, 5), width: 9, height: 9};

for (const channels of [1, 3]) {
	test(`an image of the model’s size has the very levels that \`predict\` takes, in ${channels} channels`, async t => {
		const file = await sharp(transparent.data, {raw: {width: 9, height: 9, channels: 4}})
			.png()
			.toBuffer();
		const background = [10, 200, 30] as const;
		const expected = await prepareImage(
			await decodeImage(file),
			{channels, size: 9},
			{fit: 'whole', background, bits: 16},
		);
		t.deepEqual(preparation.toSquare(transparent, 9, channels, 'whole', background), expected);
	});
}

for (const fit of ['whole', 'cover', 'fill'] as const) {
	test(`a larger image is brought to a square as \`predict\` does: ${fit}`, async t => {
		// A smooth one: of sharp edges, areas and Lanczos make other levels.
		const [width, height] = [90, 60];
		const level = (index: number): number => {
			const [pixel, channel] = [index >> 2, index % 4];
			const [x, y] = [(pixel % width) / width, Math.floor(pixel / width) / height];
			return channel === 3 ? 255 : Math.round(128 + 100 * Math.sin(3 * x + channel) * Math.cos(2 * y));
		};
		const data = Uint8Array.from({length: 4 * width * height}, (_, index) => level(index));
		const file = await sharp(data, {raw: {width, height, channels: 4}})
			.png()
			.toBuffer();
		const background = [250, 5, 90] as const;
		const expected = await prepareImage(await decodeImage(file), {channels: 3, size: 12}, {fit, background, bits: 16});
		const pixels = preparation.toSquare({data, width, height}, 12, 3, fit, background);
		const largest = Math.max(...pixels.map((level, index) => Math.abs(level - (expected[index] ?? 0))));
		t.true(largest <= 3, String(largest));
	});
}
