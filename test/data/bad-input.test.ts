import {existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {gzipSync} from 'node:zlib';
import test, {type ExecutionContext} from 'ava';
import {zipSync} from 'fflate';
import sharp from 'sharp';
import {splitImages} from '../../ts/data/image-folder/split-images.js';
import {csv, type DataSource, idx, imageFolder, npz} from '../../ts/index.js';
import {temporaryFolder} from '../helpers/folder.js';
import {writeIdxFiles} from '../helpers/idx.js';

const cache = temporaryFolder({teardown: remove => process.on('exit', () => void remove())});
process.env['STEPLADDER_CACHE'] = cache;

const png = async (width: number, height: number, first = 0): Promise<Buffer> =>
	sharp(
		Uint8Array.from({length: width * height}, (_, pixel) => (first + pixel * 7) % 256),
		{raw: {width, height, channels: 1}},
	)
		.png()
		.toBuffer();

/** A folder of three images a class and set; `change` adds to it. */
const folderOf = async (
	t: ExecutionContext,
	change: (write: (name: string, content: Uint8Array) => void, folder: string) => Promise<void> | void,
): Promise<string> => {
	const folder = temporaryFolder(t);
	const write = (name: string, content: Uint8Array): void => {
		const file = path.join(folder, name);
		mkdirSync(path.dirname(file), {recursive: true});
		writeFileSync(file, content);
	};
	for (const [index, name] of ['train/a', 'train/b', 'test/a', 'test/b'].entries()) {
		for (const number of [1, 2, 3]) {
			write(`${name}/${number}.png`, await png(8, 8, 16 * index + number));
		}
	}

	await change(write, folder);
	return folder;
};

/** A source is refused as damaged data, which is exit code 5, in one sentence, and leaves nothing in the cache. */
const isRefused = async (t: ExecutionContext, source: DataSource, message: RegExp): Promise<void> => {
	const kept = (): string[] => (existsSync(path.join(cache, 'data')) ? readdirSync(path.join(cache, 'data')) : []);
	const before = kept();
	const error = await t.throwsAsync(source.open('.'), {code: 'data', message});
	t.notRegex(error?.message ?? '', /\n/);
	t.deepEqual(kept(), before);
};

const damaged: Readonly<Record<string, readonly [string, () => Promise<Uint8Array>, RegExp]>> = {
	'a truncated PNG': [
		'1.png',
		async () => (await png(64, 64)).subarray(0, 900),
		/expected a whole image, found damage/,
	],
	'a truncated WebP': [
		'1.webp',
		async () =>
			(
				await sharp(await png(64, 64))
					.webp({lossless: true})
					.toBuffer()
			).subarray(0, 40),
		/expected a whole image, found damage/,
	],
	'an image of no bytes': ['1.jpg', async () => new Uint8Array(), /found damage \(it is empty\)/],
	'an image 65,537 pixels wide': [
		'1.png',
		async () => png(65_537, 1),
		/it has 65537 x 1 pixels, and at most 65,536 a side are decoded: make it smaller/,
	],
	'a text': ['1.png', async () => Buffer.from('text'), /expected a whole image, found damage/],
};

for (const [what, [name, content, message]] of Object.entries(damaged)) {
	test.serial(`${what} in a folder of images is refused by name`, async t => {
		const folder = await folderOf(t, async write => write(`train/b/${name}`, await content()));
		await isRefused(t, imageFolder(folder, {size: 4}), message);
		await t.throwsAsync(imageFolder(folder, {size: 4}).open('.'), {message: new RegExp(`train/b/${name}`)});
	});
}

test.serial('one pixel, a PNG called .jpg and names of 255 bytes are taken', async t => {
	const long = 'x'.repeat(251);
	const folder = await folderOf(t, async write => {
		write('test/a/4.png', await png(1, 1, 9));
		write('test/a/5.jpg', await png(8, 8, 99));
		write(`test/a/6${long.slice(1)}.png`, await png(8, 8, 111));
		write(`train/${long}long/1.png`, await png(8, 8, 120));
		write(`train/${long}long/2.png`, await png(8, 8, 121));
	});
	const lines: string[] = [];
	const data = await imageFolder(folder, {size: 8, channels: 1}).open('.', {tell: line => lines.push(line)});
	t.deepEqual([data.train, data.test, data.classes.length], [8, 9, 3]);
	const pixels = Array.from({length: data.test}, (_, index) => [...data.testImage(index).subarray(0, 2)].join());
	t.true(pixels.includes('9,9')); // one pixel fills the square
	t.true(pixels.includes('99,106'));
	t.true(pixels.includes('111,118'));
	t.deepEqual(lines, [
		'1 image is blank, one colour all over, such as test/a/4.png',
		`There is no test image of the class ${long}long`,
	]);
});

test.serial('links that go round end in a sentence', async t => {
	const inside = await folderOf(t, (_, folder) => symlinkSync('..', path.join(folder, 'train', 'a', 'round')));
	const lines: string[] = [];
	await imageFolder(inside, {size: 4}).open('.', {tell: line => lines.push(line)});
	t.deepEqual(lines, ['Left out 1 file or folder that is no image of a class, such as train/a/round']);
	const asClass = await folderOf(t, (_, folder) => symlinkSync('..', path.join(folder, 'train', 'c')));
	await isRefused(t, imageFolder(asClass, {size: 4}), /the class `c` has 0 images to learn from/);
	const asItself = await folderOf(t, (_, folder) => symlinkSync('c', path.join(folder, 'train', 'c')));
	await isRefused(t, imageFolder(asItself, {size: 4}), /train\/c: expected a folder .*; it is a link to nowhere/);
	const asSet = await folderOf(t, (_, folder) => symlinkSync('.', path.join(folder, 'valid')));
	await isRefused(t, imageFolder(asSet, {size: 4}), /the class `test` has valid images but none to learn from/);
});

test('of a class of 2 beside one of 100,000 both images are trained on', t => {
	const files = Array.from({length: 100_002}, (_, index) => ({file: `${index}.png`, label: index < 2 ? 1 : 0}));
	const {train, validation, test: tested} = splitImages(files, {test: 0.2, validation: 0.1});
	t.deepEqual([train.length, validation.length, tested.length], [70_002, 10_000, 20_000]);
	t.is(train.filter(({label}) => label === 1).length, 2);
});

const header = (descr: string, shape: string): Uint8Array => {
	const text = `${`{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`.padEnd(117)}\n`;
	const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length & 255, text.length >> 8]);
	return Buffer.concat([start, Buffer.from(text, 'latin1')]);
};

test.serial('labels beyond the classes that are named are refused by file, in all sources', async t => {
	const folder = temporaryFolder(t);
	const images = Buffer.concat([header('|u1', '2, 2, 2'), Buffer.from([1, 2, 3, 4, 5, 6, 7, 8])]);
	const labels = Buffer.concat([header('|u1', '2,'), Buffer.from([0, 5])]);
	const arrays = {
		'train_images.npy': images,
		'train_labels.npy': labels,
		'test_images.npy': images,
		'test_labels.npy': labels,
	};
	writeFileSync(path.join(folder, 'a.npz'), zipSync(arrays));
	writeFileSync(path.join(folder, 'a.csv'), 'label,p\n0,1\n5,2\n1,3\n1,4\n');
	const set = {images: Uint8Array.of(1, 2, 3, 4), labels: Uint8Array.of(0, 1, 5, 1)};
	writeIdxFiles(folder, [1, 1], {train: set, test: set});
	const classes = ['a', 'b'];
	await isRefused(
		t,
		npz(path.join(folder, 'a.npz'), {classes}),
		/a\.npz: expected labels from 0 to 1, of the classes that are named, in train_labels; found 5$/,
	);
	await isRefused(
		t,
		csv(path.join(folder, 'a.csv'), {label: 'label', split: {test: 0.5}, classes}),
		/a\.csv, line 3: expected labels from 0 to 1, of the classes that are named, in `label`; found 5$/,
	);
	await isRefused(t, idx(folder, {classes}), /expected labels below 2, for the 2 classes that are named, found 5/);
	await isRefused(
		t,
		idx(folder, {classes, transposed: true}),
		/expected labels from 0 to 1, of the classes that are named, found 5, counted from the lowest$/,
	);
});

test.serial('archives and tables that are cut, empty or missing are refused with what is there', async t => {
	const folder = temporaryFolder(t);
	const at = (name: string): string => path.join(folder, name);
	for (const [name, bytes] of [
		['empty.npz', ''],
		['cut.npz', 'PK\u0003\u0004 cut'],
		['empty.csv', ''],
		['binary.csv', '\u0000\u0001\u0002'],
	] as const) {
		writeFileSync(at(name), bytes);
	}

	writeFileSync(at('cut.csv.gz'), gzipSync(`label,p\n${'0,1\n'.repeat(5000)}`).subarray(0, 40));
	const table = (name: string): DataSource => csv(at(name), {label: 'label', split: {test: 0.5}});
	await isRefused(t, npz(at('empty.npz')), /empty\.npz: expected a file of NumPy arrays, \.npz; /);
	await isRefused(t, npz(at('cut.npz')), /cut\.npz: expected a file of NumPy arrays, \.npz; /);
	await isRefused(t, table('empty.csv'), /empty\.csv: expected a row an image; found none$/);
	await isRefused(t, table('binary.csv'), /binary\.csv: expected a column `label`; found \uFFFD{3}$/);
	await isRefused(t, table('cut.csv.gz'), /cut\.csv\.gz.*: expected a table of pixels, \.csv; unexpected end of file$/);
	await isRefused(t, npz(at('emtpy.npz')), /; file not found \(did you mean `empty\.npz`\?\)$/);
	await isRefused(t, npz(at('q.npz')), /; file not found; its folder has cut\.npz, empty\.npz$/);
	await isRefused(t, table('q.csv'), /; file not found; its folder has binary\.csv, cut\.csv\.gz, empty\.csv$/);
	await isRefused(t, table('nowhere/q.csv'), /; file not found, since its folder does not exist$/);
	mkdirSync(at('a.npz'));
	await isRefused(t, npz(at('a.npz')), /a\.npz: expected a file of NumPy arrays, \.npz; it is a folder$/);
});

test.serial(
	'IDX files that are missing, or packed otherwise than their name says, are refused with what to do',
	async t => {
		const folder = temporaryFolder(t);
		const set = {images: new Uint8Array(4), labels: Uint8Array.of(0, 1, 0, 1)};
		writeIdxFiles(folder, [1, 1], {train: set, test: set});
		const at = (name: string): string => path.join(folder, name);
		const [images, labels] = ['train-images-idx3-ubyte', 't10k-labels-idx1-ubyte'];
		const plain = readFileSync(at(images));
		writeFileSync(at(images), gzipSync(plain));
		await isRefused(
			t,
			idx(folder),
			/train-images-idx3-ubyte: expected a plain file, found one packed by gzip: add `\.gz` to/,
		);
		writeFileSync(at(images), plain);
		const packed = readFileSync(at(labels));
		unlinkSync(at(labels));
		await isRefused(
			t,
			idx(folder),
			/expected t10k-labels-idx1-ubyte, plain or \.gz, and the other names of MNIST; found t10k-images-idx3-ubyte, train-images-idx3-ubyte, train-labels-idx1-ubyte$/,
		);
		writeFileSync(at(`${labels}.gz`), packed);
		await isRefused(
			t,
			idx(folder),
			/t10k-labels-idx1-ubyte\.gz: expected a file packed by gzip, found a plain file: take `\.gz` off/,
		);
		writeFileSync(at(`${labels}.gz`), gzipSync(packed));
		t.is((await idx(folder).open('.')).test, 4);
		await isRefused(t, idx(`${folder}x`), /expected a folder of IDX files; it does not exist \(did you mean/);
		await isRefused(t, idx(temporaryFolder(t)), /expected train-images-idx3-ubyte, .*; found no IDX files$/);
	},
);
