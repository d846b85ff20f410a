import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {zipSync} from 'fflate';
import {arrays, evaluate, imageFolder} from '../../ts/index.js';
import {writeIdxFiles} from '../helpers/idx.js';
import {npy} from '../helpers/npy.js';
import {OwnLadder} from '../helpers/own-ladder.js';
import {levelOf, shade, shadeModel} from '../helpers/shade-model.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

process.env['STEPLADDER_CACHE'] = path.join(process.cwd(), 'build', 'test-cache');

const classes = ['black', 'dark', 'light', 'white'];
const {folder: run, model} = await shadeModel({teardown: work => process.once('exit', work)}, {classes});
const level = (label: number): number => levelOf(label, classes.length);
const shades = await Promise.all(classes.map(async (_, label) => shade(level(label), {width: 40, height: 30})));

/** Photos of another size than the model's, in folders of classes; `[class, shade]` of each. */
const write = (own: OwnLadder, folder: string, photos: ReadonlyArray<readonly [string, number]>): void => {
	for (const [index, [name, label]] of photos.entries()) {
		own.write(`${folder}/${name}/${index}.png`, shades[label] as Buffer);
	}
};

const mixed = [
	['black', 0],
	['black', 0],
	['black', 0],
	['dark', 1],
	['dark', 3], // taken for white
	['white', 3],
] as const;

test('evaluate measures a model on a folder of classes alone, and names the images that it gets wrong', async t => {
	const own = new OwnLadder(t);
	write(own, 'photos', mixed);
	own.write('photos/notes.txt', 'no class');
	const {stdout, stderr, exitCode} = await own.run(['evaluate', run, 'photos', '--csv', 'rows.csv']);
	t.is(exitCode, 0, stderr);
	t.is(stderr, 'Left out 1 file or folder that is no image of a class, such as photos/notes.txt');
	t.regex(stdout, /^photos: 6 images\n/);
	t.regex(stdout, /Accuracy +83\.33 % +5 of 6/);
	t.regex(stdout, /Balanced accuracy +83\.33 %/); // (1 + 1/2 + 1) / 3: `light` has no images
	t.regex(stdout, /Macro F1 +77\.77 %/); // (1 + 2/3 + 2/3) / 3
	t.regex(stdout, /Always `black` +50\.00 %/);
	t.regex(stdout, /dark +2 +100\.00 +50\.00 +66\.66/);
	t.regex(stdout, /white +1 +50\.00 +100\.00 +66\.66/);
	t.regex(stdout, /Surely wrong:\n {2}photos\/dark\/4\.png: dark, taken for white \([\d.]+ %\)\n\nLeast sure:/);
	const rows = own.read('rows.csv').split('\n');
	t.is(rows[0], 'file,label,predicted,probability,rank');
	t.is(rows.length, 8);
	t.regex(rows[5] ?? '', /^photos\/dark\/4\.png,dark,white,0\.\d+,[2-4]$/);

	const json = JSON.parse((await own.run(['evaluate', run, 'photos', '--json', '--show', '1'])).stdout);
	t.deepEqual([json.count, json.accuracy, json.classes], [6, 5 / 6, classes]);
	t.deepEqual(json.confusion, [
		[3, 0, 0, 0],
		[0, 1, 0, 1],
		[0, 0, 0, 0],
		[0, 0, 0, 1],
	]);
	t.deepEqual([json.surelyWrong.length, json.leastSure.length], [1, 1]);
	t.is(json.surelyWrong[0].image, 'photos/dark/4.png');
	t.is(json.surelyWrong[0].predictedName, 'white');
});

test('a set of a folder is chosen by its name; training images are needed only where they are asked for', async t => {
	const own = new OwnLadder(t);
	write(own, 'photos/test', mixed);
	write(own, 'photos/val', [['light', 2]]);
	const count = async (...options: string[]) => {
		const {stdout, stderr, exitCode} = await own.run(['evaluate', run, 'photos', '--json', ...options]);
		return exitCode === 0 ? JSON.parse(stdout).count : [exitCode, stderr];
	};
	t.is(await count(), 6);
	t.is(await count('--set', 'validation'), 1);
	t.is(await count('--set', 'all'), 7);
	const [code, sentence] = await count('--set', 'train');
	t.is(code, 5);
	t.regex(sentence, /^stepladder: photos: expected a folder train in it; found val, test: choose one as the set$/);
	write(own, 'plain', mixed);
	const plain = await own.run(['evaluate', run, 'plain', '--set', 'test']);
	t.is(plain.exitCode, 5);
	t.regex(plain.stderr, /it has classes, no sets: ask for `all`/);
});

test('classes are matched by their names; one that the model does not have is refused', async t => {
	const own = new OwnLadder(t);
	write(own, 'some', [
		['white', 3],
		['dark', 1],
	]);
	t.is((await evaluate(model, path.join(own.folder, 'some'))).accuracy, 1);

	const images = Uint8Array.from({length: 4 * 64}, (_, index) => level(3 - Math.floor(index / 64)));
	const set = {images, labels: [0, 1, 2, 3]};
	const reversed = {train: set, test: set, size: 8, channels: 1} as const;
	t.is((await evaluate(model, arrays({...reversed, classes: classes.toReversed()}))).accuracy, 1);
	const lines: string[] = [];
	const numbered = await evaluate(run, arrays(reversed), {tell: line => lines.push(line)});
	t.is(numbered.accuracy, 0); // no names: label 0 is the model's first class
	t.is(
		lines.at(-1),
		'arrays, test has no names of classes: its labels are taken in the order of the model’s, 0 for `black`',
	);

	write(own, 'other', [['lihgt', 2]]);
	const {exitCode, stderr} = await own.run(['evaluate', run, 'other']);
	t.is(exitCode, 5);
	t.regex(
		stderr,
		/^stepladder: other: expected images of the model’s classes \(black, dark, light, white\), found the class `lihgt` \(did you mean `light`\?\)$/,
	);
});

test('a damaged image ends the evaluation, or is left out and reported', async t => {
	const own = new OwnLadder(t);
	write(own, 'photos', mixed);
	own.write('photos/black/99.png', 'no image');
	const refused = await own.run(['evaluate', run, 'photos']);
	t.is(refused.exitCode, 5);
	t.regex(refused.stderr, /photos\/black\/99\.png: expected an image .*leave such images out with `--skip-damaged`$/);
	const {stdout, stderr} = await own.run(['evaluate', run, 'photos', '--skip-damaged', '--json']);
	t.is(stderr, 'Left out 1 damaged image: photos/black/99.png');
	const {count, leftOut} = JSON.parse(stdout);
	t.deepEqual([count, leftOut], [6, [path.join('photos', 'black', '99.png')]]);
});

test('IDX files, NumPy archives and tables are evaluated without training images, at the model’s size alone', async t => {
	const own = new OwnLadder(t, {'idx/.keep': '', 'large/.keep': ''});
	const labels = Uint8Array.from([0, 1, 2, 3, 3]);
	const of = (size: number): Uint8Array =>
		Uint8Array.from({length: 5 * size ** 2}, (_, index) => level(Math.min(3, Math.floor(index / size ** 2))));
	writeIdxFiles(path.join(own.folder, 'idx'), [8, 8], {test: {images: of(8), labels}});
	writeIdxFiles(path.join(own.folder, 'large'), [9, 9], {test: {images: of(9), labels}});
	const arrays = {'test_images.npy': npy('|u1', [5, 8, 8], of(8)), 'test_labels.npy': npy('|u1', [5, 1], labels)};
	own.write('shades.npz', zipSync(arrays));
	const names = Array.from({length: 64}, (_, index) => `pixel${index}`);
	const rows = Array.from(labels, (label, index) => [label, ...of(8).subarray(index * 64, (index + 1) * 64)].join(','));
	own.write('shades.csv', `${['digit', ...names].join(',')}\n${rows.join('\n')}\n`);
	for (const [given, first] of [
		[['idx'], /^idx\/t10k-images-idx3-ubyte:\d$/],
		[['shades.npz'], /^shades\.npz:test:\d$/],
		[['shades.csv', '--label', 'digit'], /^shades\.csv:[2-6]$/],
	] as const) {
		const {stdout, stderr, exitCode} = await own.run(['evaluate', run, ...given, '--json']);
		t.is(exitCode, 0, stderr);
		const {accuracy, count, leastSure} = JSON.parse(stdout);
		t.deepEqual([accuracy, count], [1, 5]);
		t.regex(leastSure[0].image, first);
	}

	for (const [given, message] of [
		[['large'], /large: expected images of 1 x 8 x 8, which the model takes, found 1 x 9 x 9: only image files are/],
		[
			['idx', '--set', 'train'],
			/idx: expected IDX files of train images and labels; found t10k-images-idx3-ubyte, t10k-/,
		],
		[['shades.npz', '--set', 'validation'], /shades\.npz: expected validation images; it has none/],
		[['shades.csv'], /expected a column `label`; found digit, pixel0/],
		[['nowhere'], /nowhere: expected a folder of images, .*; it does not exist/],
		[['ladder.ts'], /ladder\.ts: expected a folder of images, .*; it is a file/],
	] as const) {
		own.write('ladder.ts', '');
		const {stderr, exitCode} = await own.run(['evaluate', run, ...given]);
		t.is(exitCode, 5);
		t.regex(stderr, message);
	}
});

test('a source of data is evaluated on its files, whatever size it brings them to', async t => {
	const own = new OwnLadder(t);
	write(own, 'photos/test', mixed);
	write(own, 'photos/train', [...mixed, ['white', 3]]);
	const source = imageFolder(path.join(own.folder, 'photos'), {size: 5});
	const {accuracy, images, name} = await evaluate(model, source);
	t.deepEqual([accuracy, images.length, name], [5 / 6, 6, 'photos, test']);
	t.is(images[4]?.image, path.join(own.folder, 'photos', 'test', 'dark', '4.png'));
	t.is((await evaluate(model, source, {set: 'train'})).images.length, 7);
	t.is((await evaluate(model, source, {set: 'all'})).images.length, 13);
	await t.throwsAsync(evaluate(model, source, {set: 'validation'}), {
		code: 'data',
		message: /expected validation images/,
	});
	await t.throwsAsync(evaluate(7 as never, source), {code: 'setting', message: /^`model`/});
	await t.throwsAsync(evaluate(model, 7 as never), {code: 'setting', message: /^`data`/});
	await t.throwsAsync(evaluate(model, source, {set: 'some' as never}), {code: 'setting', message: /^`set`/});
});

test('without data, a model is evaluated on the ladder’s test images, as training did', async t => {
	const own = tinyLadder(t, {epochs: 2});
	const trained = await own.run(['train', '--step', 'tiny', '--json']);
	const epochs = trained.stdout.split('\n').flatMap(line => (line.includes('"epoch"') ? [JSON.parse(line)] : []));
	const last = epochs.findLast(({type}) => type === 'epoch');
	const {stdout, stderr, exitCode} = await own.run(['evaluate', 'runs/latest', '--json']);
	t.is(exitCode, 0, stderr);
	const {accuracy, count, name} = JSON.parse(stdout);
	t.deepEqual([accuracy * count, count, name], [last.testCorrect, 60, 'data, test']);
});
