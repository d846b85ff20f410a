import {mkdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import sharp from 'sharp';
import {arrays, type DataSource, idx, imageFolder} from '../../ts/index.js';
import {temporaryFolder} from '../helpers/folder.js';
import {writeIdxFiles} from '../helpers/idx.js';
import {oneLayerStep} from '../helpers/one-layer-step.js';
import {OwnLadder} from '../helpers/own-ladder.js';

process.env['STEPLADDER_CACHE'] = path.join(process.cwd(), 'build', 'test-cache');

const open = async (source: DataSource, options: {readonly skipDamaged?: boolean} = {}) => {
	const lines: string[] = [];
	const tell = (line: string): void => {
		if (!line.startsWith('Decoded')) {
			lines.push(line); // a busy machine gets progress lines
		}
	};
	return {...(await source.open('.', {...options, tell})), lines};
};

/** An image of 4 x 4 that no other number makes. */
const drawn = (number: number): Uint8Array => Uint8Array.from({length: 16}, (_, pixel) => (number + pixel * 16) % 256);
const blank = new Uint8Array(16).fill(200);

/** Writes PNGs, each of which has its name in the folder and its pixels. */
const folderOf = async (t: ExecutionContext, files: Readonly<Record<string, Uint8Array>>): Promise<string> => {
	const folder = temporaryFolder(t);
	for (const [name, pixels] of Object.entries(files)) {
		const file = path.join(folder, `${name}.png`);
		mkdirSync(path.dirname(file), {recursive: true});
		await sharp(pixels, {raw: {width: 4, height: 4, channels: 1}}).toFile(file);
	}

	return folder;
};

const plain = {
	'train/a/1': drawn(0),
	'train/b/1': drawn(1),
	'train/a/2': drawn(2),
	'train/b/2': drawn(3),
	'test/a/1': drawn(4),
	'test/b/1': drawn(5),
};

test('nothing is reported of different images in all classes', async t => {
	const {lines, findings, validation} = await open(imageFolder(await folderOf(t, plain), {size: 4, channels: 1}));
	t.deepEqual([lines, findings, validation], [[], undefined, undefined]);
});

test('equal, conflicting, blank and shared images and a missing class are reported by file, from the cache as well', async t => {
	const folder = await folderOf(t, {
		...plain,
		'train/a/3': drawn(0),
		'train/b/4': drawn(2),
		'train/b/5': blank,
		'train/a/6': drawn(6),
		'val/a/1': drawn(3),
		'val/a/2': drawn(9),
		'test/a/8': drawn(9),
		'test/a/7': drawn(0),
		'test/b/9': drawn(1),
	});
	writeFileSync(path.join(folder, 'train/a/0.png'), 'no image'); // names keep to their images
	const source = imageFolder(folder, {size: 4, channels: 1});
	const expected = [
		'Left out 1 damaged image: train/a/0.png',
		'2 images in val/ are the validation set',
		'1 image is blank, one colour all over, such as train/b/5.png',
		'2 images are equal to another of the same set, such as train/a/3.png and train/a/1.png',
		'2 images are equal to one of another class, such as train/b/4.png and train/a/2.png',
		'1 validation image is in the training set, too, such as val/a/1.png and train/b/2.png',
		'2 test images are in the training set, too, such as test/a/7.png and train/a/1.png',
		'1 test image is in the validation set, too, such as test/a/8.png and val/a/2.png',
		'There is no validation image of the class b',
	];
	const first = await open(source, {skipDamaged: true});
	t.deepEqual(first.lines.toSorted(), expected.toSorted());
	t.deepEqual([first.train, first.validation, first.test], [8, 2, 5]);
	t.deepEqual(first.findings, {
		...{blank: 1, equal: 2, conflicting: 2},
		...{validationInTrain: 1, testInTrain: 2, testInValidation: 1},
	});
	const again = await open(source, {skipDamaged: true});
	t.deepEqual(again.lines, first.lines);
	t.deepEqual([again.hash, again.validation, again.findings], [first.hash, 2, first.findings]);
});

test('arrays and IDX files are looked at as well, and their images named by number', async t => {
	const train = {images: Buffer.concat([drawn(0), drawn(1), drawn(0), blank]), labels: Uint8Array.of(0, 1, 0, 1)};
	const test = {images: Buffer.concat([drawn(1), drawn(7)]), labels: Uint8Array.of(0, 0)};
	const lines = [
		'1 image is blank, one colour all over, such as training image 3',
		'1 image is equal to another of the same set, such as training image 2 and training image 0',
		'1 image is equal to one of another class, such as test image 0 and training image 1',
		'1 test image is in the training set, too, such as test image 0 and training image 1',
		'There is no test image of the class 1',
	];
	const folder = temporaryFolder(t);
	writeIdxFiles(folder, [4, 4], {train, test});
	t.deepEqual((await open(idx(folder))).lines, lines);
	t.deepEqual((await open(arrays({train, test, size: 4}))).lines, lines);
	const validation = {images: drawn(9), labels: [1]};
	const withValidation = await open(arrays({train, validation, test, size: 4}));
	t.deepEqual([withValidation.train, withValidation.validation], [4, 1]);
	t.true(withValidation.lines.includes('There is no validation image of the class 0'));
	t.throws(() => arrays({train, validation: {images: drawn(9), labels: []}, test, size: 4}), {
		code: 'setting',
		message: /`validation\.images` should be 16 bytes for each of its 0 labels, at least one, got 16 bytes/,
	});
});

test('two folders of validation images are refused, and one without images', async t => {
	const folder = await folderOf(t, {...plain, 'val/a/1': drawn(8)});
	mkdirSync(path.join(folder, 'validation', 'a'), {recursive: true});
	await t.throwsAsync(imageFolder(folder, {size: 4}).open('.'), {
		code: 'data',
		message: /expected one folder of validation images, found val and validation: remove or rename all but one$/,
	});
	const empty = await folderOf(t, plain);
	mkdirSync(path.join(empty, 'valid', 'a'), {recursive: true});
	await t.throwsAsync(imageFolder(empty, {size: 4}).open('.'), {
		code: 'data',
		message: /valid: expected images such as PNG, JPEG or WebP in the folders of its classes, found none$/,
	});
});

test('a split draws validation images beside the same test images, groups whole', async t => {
	const names = Array.from(
		{length: 40},
		(_, index) => `${index % 2 ? 'b' : 'a'}/object${Math.floor(index / 4)}_${index}`,
	);
	const folder = await folderOf(t, Object.fromEntries(names.map((name, index) => [name, drawn(index)])));
	const objects = async (split: {test: number; validation?: number}, group?: RegExp) => {
		const data = await open(imageFolder(folder, {size: 4, channels: 1, split, ...(group && {group})}));
		return {...data, tested: Array.from({length: data.test}, (_, index) => data.testImage(index)[0] ?? -1)};
	};
	const [without, beside] = [await objects({test: 0.2}), await objects({test: 0.2, validation: 0.3})];
	t.deepEqual([without.train, without.validation, without.test], [32, undefined, 8]);
	t.deepEqual([beside.train, beside.validation, beside.test], [20, 12, 8]);
	t.deepEqual(beside.tested, without.tested);
	t.is(beside.findings, undefined);
	const grouped = await objects({test: 0.2, validation: 0.3}, /^(object\d+)_/);
	t.deepEqual([grouped.train, grouped.validation, grouped.test], [20, 12, 8]);
	t.is(new Set(grouped.tested.map(number => Math.floor(number / 4))).size, 2);
	for (const [validation, message] of [
		[0.8, /`split\.validation` should be a share above 0 that leaves some to train on beside `test: 0\.2`, got 0\.8/],
		[0, /`split\.validation` .* got 0$/],
		['x', /`split\.validation` .* got "x"/],
	] as const) {
		t.throws(() => imageFolder(folder, {size: 4, split: {test: 0.2, validation: validation as number}}), {message});
	}
});

test('test images that are training images are in the record, in the text of its step and in the report', async t => {
	const own = new OwnLadder(t, {
		'ladder.ts': `import {defineLadder, idx} from 'stepladder';
export default defineLadder({name: 'Leak', data: idx('data')});
`,
		'steps/0-a.ts': oneLayerStep('a'),
		'data/.keep': '',
	});
	const train = {images: Buffer.concat([0, 1, 2, 3].map(drawn)), labels: Uint8Array.of(0, 1, 0, 1)};
	const test = {images: Buffer.concat([3, 4, 0].map(drawn)), labels: Uint8Array.of(1, 0, 0)};
	writeIdxFiles(path.join(own.folder, 'data'), [4, 4], {train, test});
	const {exitCode, stderr} = await own.run(['record', '--step', 'a', '--seeds', '1']);
	t.is(exitCode, 0, stderr);
	t.regex(stderr, /^2 test images are in the training set, too, such as test image 0 and training image 3$/m);
	const promise = JSON.parse(own.read('records/0-a/promise.json'));
	t.deepEqual(promise.data.findings, {testInTrain: 2});
	t.regex(own.read('steps/0-a.ts'), /2 test images are in the training\s+set, too\./);
	t.is((await own.run(['record', '--check'])).exitCode, 0);
	t.is((await own.run(['report'])).exitCode, 0);
	t.regex(own.read('report/report.html'), /2 test images are in the training set, too\./);
});
