import {createHash} from 'node:crypto';
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {execa} from 'execa';
import sharp from 'sharp';
import {decodeImage} from '../../ts/data/decode/decode-image.js';
import {fits, type Preparation, plainPreparation} from '../../ts/data/decode/preparation.js';
import {
	type PreparedFile,
	prepareFile,
	prepareOtherFile,
	preparePlainJpegs,
} from '../../ts/data/decode/prepare-file.js';
import type {ImageShape} from '../../ts/data/decode/prepare-image.js';
import {temporaryFolder} from '../helpers/folder.js';

/** By scripts/reference/make_jpegs.py. */
const folder = 'test/data/jpegs';
const {side, jpegs} = JSON.parse(readFileSync(path.join(folder, 'jpegs.json'), 'utf8')) as {
	readonly side: number;
	readonly jpegs: ReadonlyArray<{readonly file: string; readonly channels: number; readonly sha256: string}>;
};

const small: ImageShape = {size: 20, channels: 3};

const plainly = async (
	file: string | Uint8Array,
	shape = small,
	preparation: Preparation = plainPreparation,
	invert = false,
): Promise<PreparedFile | undefined> => {
	const [plain] = await preparePlainJpegs([file], shape, preparation, invert);
	return plain;
};

const drawn = (width: number, height: number) =>
	sharp(
		Uint8Array.from(
			{length: width * height * 3},
			(_, index) => (index * 7 + Math.floor(index / width / 3) * 13 + ((index * index) % 31)) % 256,
		),
		{raw: {width, height, channels: 3}},
	);

const jpeg = async (width = 40, height = 30): Promise<Buffer> => drawn(width, height).jpeg().toBuffer();

test('JPEGs of every subsampling, progressive, grey, RGB and with restart markers have the pixels of Pillow, upright', async t => {
	t.is(jpegs.length, 12);
	for (const {file, channels, sha256} of jpegs) {
		const plain = await plainly(path.join(folder, file), {size: side, channels});
		t.is(
			createHash('sha256')
				.update(plain?.pixels ?? '')
				.digest('hex'),
			sha256,
			file,
		);
	}
});

test('the addon and sharp give the same bytes, and describe the same steps', async t => {
	const photos = readdirSync('test/data/photos').filter(name => name.endsWith('.jpg'));
	const files = [
		...photos.map(name => path.join('test/data/photos', name)),
		...jpegs.map(({file}) => path.join(folder, file)),
	];
	let decoded = 0;
	for (const [index, file] of files.entries()) {
		const shape = {size: 9 + index, channels: index % 2 === 0 ? 3 : 1};
		const how: Preparation = {...plainPreparation, fit: fits[index % 3] ?? 'whole', background: [200, 100, 50]};
		const plain = await plainly(file, shape, how, index % 4 === 1);
		if (plain) {
			decoded += 1;
			t.deepEqual(plain, await prepareOtherFile(file, shape, how, index % 4 === 1), file);
		}
	}

	t.is(decoded, files.length - 2); // all but the two of CMYK
	for (const [width, height] of [
		[1, 1],
		[1, 50],
		[16, 16],
		[17, 65],
		[203, 1],
		[255, 253],
	] as const) {
		for (const options of [{}, {chromaSubsampling: '4:4:4'}, {progressive: true, quality: 30}, {mozjpeg: true}]) {
			const file = await drawn(width, height).jpeg(options).toBuffer();
			t.deepEqual(await plainly(file), await prepareOtherFile(file, small, plainPreparation), `${width} x ${height}`);
		}
	}
});

test('every EXIF orientation is applied as sharp applies it', async t => {
	const file = await drawn(23, 14)
		.jpeg()
		.withExif({IFD0: {Make: 'a camera', Copyright: 'somebody'}})
		.toBuffer();
	const entry = file.indexOf('120103000100000001', 'hex'); // tag, type, count and value, little-endian
	for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
		file[entry + 8] = orientation;
		const plain = await plainly(file);
		t.deepEqual(plain, await prepareOtherFile(file, small, plainPreparation));
		t.is(plain?.done[0]?.includes(`(EXIF orientation ${orientation})`), orientation > 1, `${orientation}`);
	}

	for (const orientation of [0, 9]) {
		file[entry + 8] = orientation;
		t.is(await plainly(file), undefined);
	}
});

/** A grey JPEG of 8 x 8 whose one progressive scan is repeated. */
const ofScans = async (count: number): Promise<Buffer> => {
	const grey = await sharp({create: {width: 8, height: 8, channels: 3, background: '#808080'}})
		.toColourspace('b-w')
		.jpeg()
		.toBuffer();
	const [frame, scan] = [grey.indexOf('ffc0', 'hex'), grey.indexOf('ffda', 'hex')];
	grey[frame + 1] = 0xc2;
	const once = grey.subarray(scan, -2);
	once[once.readUInt16BE(2)] = 0; // the scan has no more than the mean of the block
	return Buffer.concat([
		grey.subarray(0, scan),
		...Array.from({length: count}, () => once),
		Buffer.from('ffd9', 'hex'),
	]);
};

/** Files that the addon leaves to sharp. */
const others: Readonly<Record<string, () => Promise<Buffer> | Buffer>> = {
	'a colour profile': async () => drawn(9, 9).jpeg().withIccProfile('p3').toBuffer(),
	CMYK: () => readFileSync('test/data/photos/3.jpg'),
	'an unknown version of JFIF': async () =>
		Buffer.concat([
			Buffer.from('ffd8ffe000104a46494600000000010001000000'.padEnd(44, '0'), 'hex').subarray(0, 20),
			(await jpeg()).subarray(2),
		]),
	'a scan that was cut': async () => (await jpeg()).subarray(0, -100),
	'a missing end': async () => (await jpeg()).subarray(0, -2),
	'two orientations': async () => {
		const file = await drawn(9, 9)
			.jpeg()
			.withExif({IFD0: {Orientation: '6'}})
			.toBuffer();
		const exif = file.subarray(2, 4 + file.readUInt16BE(4));
		return Buffer.concat([file.subarray(0, 2), exif, file.subarray(2)]);
	},
	'no bytes': () => Buffer.alloc(0),
	'two bytes': () => Buffer.from('ffd8', 'hex'),
	text: () => Buffer.from('no image'),
	PNG: async () => drawn(9, 9).png().toBuffer(),
	'too many pixels': async () => {
		const file = await jpeg();
		file.writeUInt32BE(0xffdc_ffdc, file.indexOf('ffc0', 'hex') + 5); // 65,500 x 65,500
		return file;
	},
	'no width': async () => {
		const file = await jpeg();
		file.writeUInt16BE(0, file.indexOf('ffc0', 'hex') + 7);
		return file;
	},
	'arithmetic coding': async () => {
		const file = await jpeg();
		file[file.indexOf('ffc0', 'hex') + 1] = 0xc9;
		return file;
	},
	'wrong conditions of arithmetic coding': async () => {
		const file = await jpeg();
		return Buffer.concat([file.subarray(0, 2), Buffer.from('ffcc00040005', 'hex'), file.subarray(2)]);
	},
	'12 bits': async () => {
		const file = await jpeg();
		file[file.indexOf('ffc0', 'hex') + 4] = 12;
		return file;
	},
	'more than a hundred scans': async () => ofScans(101),
};

for (const [what, file] of Object.entries(others)) {
	test(`a file with ${what} is sharp’s to decode or to refuse`, async t => {
		const bytes = await file();
		t.is(await plainly(bytes), undefined);
		const [ours, sharps] = await Promise.allSettled([
			prepareFile(bytes, small, plainPreparation),
			prepareOtherFile(bytes, small, plainPreparation),
		]);
		t.deepEqual(ours, sharps);
	});
}

test('a JPEG asks for at most a hundred passes over its image', async t => {
	t.is((await plainly(await ofScans(100), {size: 8, channels: 1}))?.pixels[0], 128);
	await t.throwsAsync(decodeImage(await ofScans(101)), {
		message: 'it has 101 scans, and at most 100 are decoded: save it again',
	});
});

test('of large images one call decodes as many as make a million pixels, and of others all', async t => {
	const large = await jpeg(1100, 1000);
	t.is((await preparePlainJpegs([large, large], small, plainPreparation)).length, 1);
	const few = await jpeg();
	const [first, none, third, ...rest] = await preparePlainJpegs(
		[few, Buffer.from('x'), few, large, few],
		small,
		plainPreparation,
	);
	t.is(none, undefined);
	t.deepEqual(first, third);
	t.is(rest.length, 1);
	t.deepEqual(await preparePlainJpegs([], small, plainPreparation), []);
});

test('paths that are no files are left', async t => {
	const place = temporaryFolder(t);
	mkdirSync(path.join(place, 'folder.jpg'));
	writeFileSync(path.join(place, 'é 图.jpg'), await jpeg());
	const places = ['folder.jpg', 'missing.jpg', 'nul\0.jpg', 'é 图.jpg'].map(name => path.join(place, name));
	if (process.platform === 'linux') {
		places.push('/dev/zero');
	}

	const prepared = await preparePlainJpegs(places, small, plainPreparation);
	t.deepEqual(
		prepared.map(plain => plain !== undefined),
		places.map(file => file.endsWith('图.jpg')),
	);
});

test('bytes are read as they were given, in any kind of memory', async t => {
	const file = await jpeg();
	const expected = await plainly(file);
	const shared = new Uint8Array(new SharedArrayBuffer(file.length + 3), 3);
	shared.set(file);
	t.deepEqual(await plainly(shared), expected);
	const owned = Uint8Array.from(file);
	const pending = plainly(owned);
	structuredClone(owned, {transfer: [owned.buffer]});
	t.deepEqual(await pending, expected);
});

test('no damage ends the process, and what the addon decodes sharp does not refuse', async t => {
	const child = fileURLToPath(new URL('../helpers/jpeg-child.js', import.meta.url));
	const {exitCode, stdout, stderr} = await execa(process.execPath, [child], {reject: false});
	t.is(exitCode, 0, stderr);
	const {decoded, differences} = JSON.parse(stdout) as {decoded: number; differences: string[]};
	t.deepEqual(differences, []);
	t.true(decoded > 100, `${decoded}`);
});
