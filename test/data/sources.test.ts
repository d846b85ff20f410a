import {writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {gzipSync} from 'node:zlib';
import test, {type ExecutionContext} from 'ava';
import {zipSync} from 'fflate';
import {csv, idx, npz} from '../../ts/index.js';
import {temporaryFolder} from '../helpers/folder.js';
import {npy} from '../helpers/npy.js';

process.env['STEPLADDER_CACHE'] = path.join(process.cwd(), 'build', 'test-cache');

const pixels = (count: number, channels = 1): Uint8Array =>
	Uint8Array.from({length: count * 16 * channels}, (_, index) => (index * 7) % 256);

const medical = {
	'train_images.npy': npy('|u1', [6, 4, 4, 3], pixels(6, 3)),
	'train_labels.npy': npy('|u1', [6, 1], Uint8Array.from([0, 1, 2, 0, 1, 2])),
	'val_images.npy': npy('|u1', [1, 4, 4, 3], pixels(1, 3)),
	'val_labels.npy': npy('|u1', [1, 1], Uint8Array.from([0])),
	'test_images.npy': npy('|u1', [2, 4, 4, 3], pixels(2, 3)),
	'test_labels.npy': npy('<i8', [2, 1], new Uint8Array(new BigInt64Array([2n, 1n]).buffer)),
};

const archive = (t: ExecutionContext, files: Record<string, Uint8Array>): string => {
	const file = path.join(temporaryFolder(t), 'blood.npz');
	writeFileSync(file, zipSync(Object.fromEntries(Object.entries(files).filter(([, bytes]) => bytes.length > 0))));
	return file;
};

test('a NumPy archive in the form of MedMNIST is read channel by channel', async t => {
	const lines: string[] = [];
	const data = await npz(archive(t, medical)).open('.', {tell: line => lines.push(line)});
	const {name, channels, size, train, validation} = data;
	t.deepEqual([name, channels, size, train, validation, data.test], ['blood', 3, 4, 6, 1, 2]);
	t.deepEqual([...data.testLabels()], [2, 1]);
	const expected = [0, 1, 2].flatMap(channel =>
		Array.from({length: 16}, (_, pixel) => ((pixel * 3 + channel) * 7) % 256),
	);
	t.deepEqual([...data.testImage(0)], expected);
	t.is(lines[0], '1 image in val_images is the validation set');
});

const refusedArrays: Readonly<Record<string, readonly [Record<string, Uint8Array>, RegExp]>> = {
	'pickled objects': [
		{'train_images.npy': npy('|O', [6], new Uint8Array(6))},
		/train_images: it holds pickled objects \(\|O\)/,
	],
	'Fortran order': [
		{'train_images.npy': npy('|u1', [6, 4, 4, 3], pixels(6, 3), 'True')},
		/it is in Fortran order: save it by `numpy\.ascontiguousarray`/,
	],
	'big-endian labels': [
		{'train_labels.npy': npy('>i4', [6], new Uint8Array(24))},
		/train_labels: it is big-endian \(>i4\)/,
	],
	'pixels that are fractions': [
		{'train_images.npy': npy('<f4', [6, 4, 4, 3], new Uint8Array(6 * 48 * 4))},
		/it holds fractional numbers \(<f4\): save it as whole numbers, images as `uint8`/,
	],
	'images that are not square': [
		{'train_images.npy': npy('|u1', [6, 4, 12], pixels(18))},
		/expected square `uint8` images, .*; found \[6, 4, 12\] of Uint8Array/,
	],
	'fewer labels than images': [
		{'train_labels.npy': npy('|u1', [5], new Uint8Array(5))},
		/expected a label for each of 6 images in train_labels; found 5/,
	],
	'validation images without labels': [
		{'val_labels.npy': new Uint8Array()},
		/expected both val_images and val_labels, or neither; found one of them alone/,
	],
	'a label below zero': [
		{'train_labels.npy': npy('|i1', [6], Uint8Array.from([0, 1, 255, 0, 1, 0]))},
		/expected labels from 0 to 255 in train_labels; found -1/,
	],
	'an array that was cut short': [
		{'train_images.npy': npy('|u1', [6, 4, 4, 3], pixels(1))},
		/train_images: it has 16 bytes, and its shape \(6, 4, 4, 3\) makes 288/,
	],
};

for (const [what, [files, message]] of Object.entries(refusedArrays)) {
	test(`an archive with ${what} is refused`, async t => {
		await t.throwsAsync(npz(archive(t, {...medical, ...files})).open('.'), {code: 'data', message});
	});
}

test('an archive that is missing, lacks a set or is no archive is refused', async t => {
	await t.throwsAsync(npz('nowhere.npz').open('.'), {
		code: 'data',
		message: /nowhere\.npz: expected a file of NumPy arrays, \.npz; file not found/,
	});
	const {'test_images.npy': _, ...some} = medical;
	await t.throwsAsync(npz(archive(t, some)).open('.'), {
		code: 'data',
		message: /expected the arrays train_images, .*; found train_images, /,
	});
	const file = path.join(temporaryFolder(t), 'a.npz');
	writeFileSync(file, 'text');
	await t.throwsAsync(npz(file).open('.'), {code: 'data', message: /expected a file of NumPy arrays, \.npz; /});
});

const table = (rows: ReadonlyArray<readonly (number | string)[]>): string =>
	[['label', ...Array.from({length: 4}, (_, pixel) => `pixel${pixel}`)], ...rows].map(row => row.join(',')).join('\n');

test('a table of pixels is read, and split class by class the same way in any order of its rows', async t => {
	const folder = temporaryFolder(t);
	const rows = Array.from({length: 20}, (_, index) => [index % 2, index, 2, 3, 255]);
	writeFileSync(path.join(folder, 'train.csv'), table(rows));
	writeFileSync(path.join(folder, 'turned.csv.gz'), gzipSync(table(rows.toReversed())));
	const options = {label: 'label', split: {test: 0.2, seed: 3}} as const;
	const data = await csv('train.csv', options).open(folder);
	t.deepEqual([data.size, data.train, data.test, data.classes.length], [2, 16, 4, 2]);
	t.deepEqual([...data.testLabels()].toSorted(), [0, 0, 1, 1]);
	const firsts = (source: typeof data): number[] =>
		[0, 1, 2, 3].map(index => source.testImage(index)[0] ?? -1).toSorted((a, b) => a - b);
	t.deepEqual(firsts(await csv('turned.csv.gz', options).open(folder)), firsts(data));
	const both = await csv('train.csv', {label: 'label', test: 'turned.csv.gz'}).open(folder);
	t.deepEqual([both.train, both.test], [20, 20]);
});

test('a table with a missing column, a missing cell or other values is refused by its line', async t => {
	const folder = temporaryFolder(t);
	const refuses = async (text: string, message: RegExp, label = 'label'): Promise<void> => {
		writeFileSync(path.join(folder, 'a.csv'), text);
		await t.throwsAsync(csv('a.csv', {label, split: {test: 0.5}}).open(folder), {code: 'data', message});
	};
	await refuses(
		table([[0, 1, 2, 3, 4]]),
		/expected a column `lable`; found label, pixel0, pixel1, pixel2, pixel3 \(did you mean `label`\?\)/,
		'lable',
	);
	await refuses(
		table([
			[0, 1, 2, 3, 4],
			[0, 1, 2, 3],
		]),
		/a\.csv, line 3: expected 5 whole numbers from 0 to 255; found 4 cells/,
	);
	await refuses(table([[0, 1, 2, 300, 4]]), /line 2: expected 5 whole numbers from 0 to 255; found 300 in cell 4/);
	await refuses('label,a,b\n0,1,2\n', /expected a column a pixel of square images, beside `label`; found 2 columns/);
	await refuses(table([]), /expected a row an image; found none/);
	t.throws(() => csv('a.csv', {label: 'label'}), {
		code: 'setting',
		message: /`test` should be a file of test images, or `set` or `split` in its place, got neither/,
	});
	t.throws(() => csv('a.csv', {lable: 'x'} as never), {code: 'setting', message: /unknown name `lable`/});
});

test('the rows of a table are sorted by the column that names their set', async t => {
	const folder = temporaryFolder(t);
	const rows = ['train', 'valid', '"test"', 'Training', 'test', 'train'].map(
		(set, index) => `${index % 2},${set},${index},2,3,255`,
	);
	const text = ['label,split,p0,p1,p2,p3', ...rows].join('\n');
	writeFileSync(path.join(folder, 'a.csv'), text);
	const lines: string[] = [];
	const data = await csv('a.csv', {label: 'label', set: 'split'}).open(folder, {tell: line => lines.push(line)});
	t.deepEqual([data.size, data.train, data.validation, data.test], [2, 3, 1, 2]);
	t.deepEqual(
		[0, 1].map(index => data.testImage(index)[0]),
		[2, 4],
	);
	t.deepEqual([...data.testLabels()], [0, 0]);
	t.is(lines[0], '1 image in the rows whose `split` says so is the validation set');
	const refuses = async (content: string, message: RegExp, options = {}): Promise<void> => {
		writeFileSync(path.join(folder, 'b.csv'), content);
		await t.throwsAsync(csv('b.csv', {label: 'label', set: 'split', ...options}).open(folder), {code: 'data', message});
	};
	await refuses(text.replace('valid', 'other'), /line 3: expected train, valid or test in `split`; found other$/);
	await refuses(
		text.replaceAll('test', 'valid'),
		/expected rows of train and of test; found 3 of train and 0 of test$/,
	);
	await refuses(text, /found 5 columns; if `split` says the set of a row, say `set: 'split'`$/, {
		set: undefined,
		split: {test: 0.5},
	});
	await refuses(text, /expected a column `splt`; found label, .* \(did you mean `split`\?\)$/, {set: 'splt'});
	t.throws(() => csv('a.csv', {label: 'label', set: 'split', split: {test: 0.5}}), {
		message: /`test` should be .*, got `set` and `split`$/,
	});
	t.throws(() => csv('a.csv', {label: 'label', set: 'split', validation: 'b.csv'}), {
		message: /`validation` should be left out, or a file beside `test`, got "b\.csv" \(a string\)$/,
	});
});

test('EMNIST’s files are found by their prefix, turned upright and counted from zero', async t => {
	const folder = temporaryFolder(t);
	const header = (...sizes: readonly number[]): Buffer =>
		Buffer.from([0, 0, 8, sizes.length, ...sizes.flatMap(n => [0, 0, n >> 8, n & 255])]);
	const image = Uint8Array.from({length: 4}, (_, index) => index);
	for (const set of ['train', 'test']) {
		const images = Buffer.concat([header(4, 2, 2), image, image, image, image]);
		writeFileSync(path.join(folder, `emnist-letters-${set}-images-idx3-ubyte.gz`), gzipSync(images));
		writeFileSync(
			path.join(folder, `emnist-letters-${set}-labels-idx1-ubyte`),
			Buffer.concat([header(4), Buffer.from([1, 2, 3, 1])]),
		);
	}

	const data = await idx(folder, {prefix: 'emnist-letters-', transposed: true}).open('.');
	t.deepEqual([data.name, data.classes, data.train], ['emnist-letters', ['1', '2', '3'], 4]);
	t.deepEqual([...data.testLabels()], [0, 1, 2, 0]);
	t.deepEqual([...data.testImage(0)], [0, 2, 1, 3]);
	await t.throwsAsync(idx(folder).open('.'), {
		code: 'data',
		message: /found emnist-letters-train-.*: say `idx\(FOLDER, \{prefix: "emnist-letters-"\}\)`/,
	});
	await t.throwsAsync(idx(folder, {prefix: 'emnist-digits-'}).open('.'), {
		code: 'data',
		message: /expected emnist-digits-train-images-idx3-ubyte, plain or \.gz; found emnist-letters-/,
	});
	writeFileSync(path.join(folder, 'emnist-letters-test-labels-idx1-ubyte'), header(4));
	await t.throwsAsync(idx(folder, {prefix: 'emnist-letters-'}).open('.'), {
		code: 'data',
		message: /test-labels-idx1-ubyte: expected 4 bytes after a header of 4/,
	});
	t.throws(() => idx(folder, {prefx: ''} as never), {
		code: 'setting',
		message: /unknown name `prefx` \(did you mean `prefix`\?\)/,
	});
});
