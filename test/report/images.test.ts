import test from 'ava';
import sharp from 'sharp';
import {photoUri} from '../../ts/report/page/images.js';

const background = [255, 255, 255] as const;

/** Draws a grey rectangle on white: 8 x 8 pixels in three channels. */
const image = (top: number, left: number, height: number, width: number): Uint8Array =>
	Uint8Array.from({length: 3 * 64}, (_, index) => {
		const [row, column] = [Math.floor((index % 64) / 8), index % 8];
		return row >= top && row < top + height && column >= left && column < left + width ? 90 : 255;
	});

const sizeOf = async (planes: Uint8Array, fit: 'whole' | 'fill' | undefined): Promise<readonly [number, number]> => {
	const preparation = fit && {fit, background, bits: 16};
	const uri = await photoUri(planes, {channels: 3, size: 8, preparation});
	const {width, height} = await sharp(Buffer.from(uri.split(',')[1] ?? '', 'base64')).metadata();
	return [width, height];
};

test('a photo is shown without the bars that made it square', async t => {
	t.deepEqual(await sizeOf(image(1, 0, 6, 8), 'whole'), [8, 6]);
	t.deepEqual(await sizeOf(image(0, 1, 8, 5), 'whole'), [5, 8], 'bars may differ by a pixel');
});

test('a stretched photo, one from ready images, and a drawing on the background stay whole', async t => {
	t.deepEqual(await sizeOf(image(1, 0, 6, 8), 'fill'), [8, 8]);
	t.deepEqual(await sizeOf(image(1, 0, 6, 8), undefined), [8, 8]);
	t.deepEqual(await sizeOf(image(2, 2, 4, 4), 'whole'), [8, 8]);
	t.deepEqual(await sizeOf(image(0, 0, 3, 8), 'whole'), [8, 8], 'one bar is no pair');
	t.deepEqual(await sizeOf(image(0, 0, 0, 0), 'whole'), [8, 8], 'nothing but background');
});
