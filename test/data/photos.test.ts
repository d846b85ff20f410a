import {readFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {decodeImage} from '../../ts/data/decode/decode-image.js';
import {plainPreparation} from '../../ts/data/decode/preparation.js';
import {prepareImage} from '../../ts/data/decode/prepare-image.js';

/** Made by scripts/reference/make_photos.py; `PHOTOS` names a folder with more of them. */
const folder = process.env['PHOTOS'] ?? 'test/data/photos';

type Photo = {
	readonly kind: string;
	readonly orientation: number;
	/** Names, with a space between. */
	readonly files: string;
	readonly pixels?: string;
};

const {size, photos} = JSON.parse(readFileSync(path.join(folder, 'photos.json'), 'utf8')) as {
	readonly size: number;
	readonly photos: readonly Photo[];
};

const white = {...plainPreparation, background: [255, 255, 255]} as const;

const prepared = async (file: string, side: number): Promise<Uint8Array> =>
	prepareImage(await decodeImage(path.join(folder, file)), {size: side, channels: 3}, white);

const largestDifference = (a: Uint8Array, b: Uint8Array): number =>
	a.reduce((most, value, index) => Math.max(most, Math.abs(value - (b[index] ?? Number.NaN))), 0);

test('photos of all kinds give the same bytes in every format, and those of Pillow within two levels', async t => {
	const worst = new Map<string, number>();
	for (const {kind, orientation, files, pixels} of photos) {
		const [first = '', ...others] = files.split(' ');
		t.true(others.length > 0);
		for (const side of [size, 100]) {
			const expected = await prepared(first, side);
			for (const file of others) {
				t.deepEqual(await prepared(file, side), expected, `${kind}, orientation ${orientation}: ${file} and ${first}`);
			}
		}

		if (pixels !== undefined) {
			const difference = largestDifference(await prepared(first, size), Buffer.from(pixels, 'base64'));
			t.true(difference <= 2, `${kind}, orientation ${orientation}: ${first} differs by ${difference}`);
			worst.set(kind, Math.max(difference, worst.get(kind) ?? 0));
		}
	}

	t.log(`${photos.length} photos, largest difference from Pillow: ${JSON.stringify(Object.fromEntries(worst))}`);
	t.is(new Set(photos.map(({kind}) => kind)).size, 8);
	t.is(new Set(photos.map(({orientation}) => orientation)).size, 8);
});
