import {mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {AbortError, ConfigError, ImageError, type ImageOutcome, type ImagePrediction, predict} from '../../ts/index.js';
import {collect} from '../helpers/collect.js';
import {temporaryFolder} from '../helpers/folder.js';
import {OwnLadder} from '../helpers/own-ladder.js';
import {shade, shadeModel} from '../helpers/shade-model.js';

process.env['STEPLADDER_CACHE'] = path.join(process.cwd(), 'build', 'test-cache');

const {folder: run, model} = await shadeModel({teardown: work => process.once('exit', work)});
const [dark, light] = [await shade(0), await shade(255)];

/** Writes the photos of the tests: ten in a folder, two below it, one of them damaged. */
const photos = (own: OwnLadder): void => {
	for (let index = 0; index < 10; index += 1) {
		own.write(`photos/${index}.png`, index % 2 ? light : dark);
	}

	own.write('photos/10.png', light);
	own.write('photos/more/b.png', light);
	own.write('photos/more/a.png', dark);
	own.write('photos/notes.txt', 'no image');
	own.write('photos/.hidden.png', light);
};

const linesOf = (text: string): string[] => text.split('\n').filter(line => line !== '');
const nameIn = (line: string): string => line.slice(0, line.indexOf(': '));

test('predict takes folders, patterns and files, in their order', async t => {
	const own = new OwnLadder(t);
	photos(own);
	const numbered = Array.from({length: 11}, (_, index) => path.join('photos', `${index}.png`));
	const below = ['a', 'b'].map(name => path.join('photos', 'more', `${name}.png`));
	const predicted = async (...names: string[]): Promise<string[]> => {
		const {stdout, stderr, exitCode} = await own.run(['predict', run, ...names]);
		t.is(exitCode, 0, stderr);
		return linesOf(stdout);
	};
	const all = await predicted('photos');
	t.deepEqual(all.map(nameIn), [...numbered, ...below]);
	t.deepEqual(
		all.map(line => /: (dark|light) /.exec(line)?.[1]),
		['dark', 'light', 'dark', 'light', 'dark', 'light', 'dark', 'light', 'dark', 'light', 'light', 'dark', 'light'],
	);
	t.deepEqual((await predicted('photos/*.png')).map(nameIn), numbered);
	t.deepEqual((await predicted('photos/**/*.png')).map(nameIn), [...numbered, ...below]);
	t.deepEqual((await predicted('photos/{a,1}*')).map(nameIn), [numbered[1], numbered[10]]);
	t.deepEqual(
		(await predicted(path.join(own.folder, 'photos/more/*'))).map(nameIn),
		below.map(file => path.join(own.folder, file)),
	);
	t.deepEqual((await predicted('photos/more/b.png', 'photos/more')).map(nameIn), [below[1], ...below]);

	own.write('photos/more/[1].png', light); // a file is taken before a pattern of its name
	t.deepEqual((await predicted('photos/more/[1].png')).map(nameIn), ['photos/more/[1].png']);
});

test('predict goes on past an image that can’t be read, and ends with exit code 5', async t => {
	const own = new OwnLadder(t);
	photos(own);
	own.write('photos/3.png', 'no image');
	const names = ['photos/*.png', 'none.png', 'no/*.png', 'empty', 'photos/more/a.png', 'no-idx3-ubyte:0'];
	own.write('empty/notes.txt', 'no image');
	const text = await own.run(['predict', run, ...names]);
	t.is(text.exitCode, 5);
	t.is(linesOf(text.stdout).length, 11);
	t.true(
		linesOf(text.stdout).every(line => /^photos\/.*: (?:dark|light) \(/.test(line)),
		text.stdout,
	);
	const problems = linesOf(text.stderr);
	t.regex(problems[0] ?? '', /^stepladder: photos\/3\.png: expected an image such as PNG or JPEG/);
	t.is(problems[1], 'stepladder: none.png: file not found');
	t.regex(problems[2] ?? '', /^stepladder: no\/\*\.png: expected images .* that match the pattern; found none$/);
	t.regex(problems[3] ?? '', /^stepladder: empty: expected images .* in the folder or below it; found none$/);
	t.regex(problems[4] ?? '', /^stepladder: no-idx3-ubyte: /);
	t.is(problems[5], 'stepladder: 5 of 16 images could not be read');
	t.is(problems.length, 6);

	const json = await own.run(['predict', run, '--json', ...names]);
	t.is(json.exitCode, 5);
	const outcomes = linesOf(json.stdout).map(line => JSON.parse(line));
	t.deepEqual(
		outcomes.flatMap(({image, error}) => (error ? [[image, error.code]] : [])),
		[
			['photos/3.png', 'image'],
			['none.png', 'image'],
			['no/*.png', 'image'],
			['empty', 'image'],
			['no-idx3-ubyte:0', 'data'],
		],
	);
	t.is(outcomes.filter(({name, probabilities}) => name && probabilities.length === 2).length, 11);
});

test('a folder is listed once, even where links go round', async t => {
	const folder = temporaryFolder(t);
	mkdirSync(path.join(folder, 'a'));
	writeFileSync(path.join(folder, 'a', '1.png'), dark);
	symlinkSync('..', path.join(folder, 'a', 'up'));
	symlinkSync('a', path.join(folder, 'b'));
	symlinkSync('nowhere', path.join(folder, 'c.png'));
	const outcomes = await collect(model.predictImages([folder]));
	t.deepEqual(
		outcomes.map(({image, error}) => [path.relative(folder, String(image)), error?.code]),
		[
			['c.png', 'image'],
			[path.join('a', '1.png'), undefined],
		],
	);
	const files = (await collect(model.predictImages([path.join(folder, '**/*.png')]))).map(({image}) => image);
	t.true(files.includes(path.join(folder, 'a', '1.png')));
});

test('predictImages gives an outcome an image, in their order, whatever the number of threads', async t => {
	const damaged = light.subarray(0, 40);
	const images: Uint8Array[] = Array.from({length: 300}, (_, index) =>
		index % 7 === 3 ? damaged : index % 2 ? light : dark,
	);
	for (const threads of [1, 7, undefined]) {
		const outcomes = await collect(model.predictImages(images, {...(threads && {threads})}));
		t.is(outcomes.length, 300);
		for (const [index, outcome] of outcomes.entries()) {
			t.is(outcome.image, images[index] as Uint8Array);
			if (outcome.error) {
				t.is(index % 7, 3);
				t.true(outcome.error instanceof ImageError);
			} else {
				t.is(outcome.name, index % 2 ? 'light' : 'dark');
				t.deepEqual(await model.predictImage(outcome.image), withoutImage(outcome));
			}
		}
	}
});

const withoutImage = ({image: _, error: __, ...prediction}: ImageOutcome) => prediction as ImagePrediction;

test('predictImages reads no further than it is asked to, and ends by its signal', async t => {
	const read: number[] = [];
	function* images() {
		for (let index = 0; index < 100_000; index += 1) {
			read.push(index);
			yield light;
		}
	}

	for await (const {error} of model.predictImages(images())) {
		t.is(error, undefined);
		break;
	}

	t.true(read.length < 1000, `${read.length} were read`);

	const controller = new AbortController();
	const some = async () => {
		for await (const _ of model.predictImages(images(), {signal: controller.signal})) {
			controller.abort();
		}
	};
	await t.throwsAsync(some(), {instanceOf: AbortError});
	const wrong = async (images: unknown, options?: object) => collect(model.predictImages(images as string[], options));
	await t.throwsAsync(wrong('a.png'), {instanceOf: ConfigError, message: /^`images` should be a list of files/});
	await t.throwsAsync(wrong([7]), {instanceOf: ConfigError, message: /^`image` should be a path/});
	await t.throwsAsync(wrong([light], {threads: 0}), {instanceOf: ConfigError, message: /^`threads`/});
	await t.throwsAsync(wrong([light], {signal: 7}), {instanceOf: ConfigError, message: /^`signal`/});
});

test('the API’s predict ends at the first image that can’t be read', async t => {
	const folder = temporaryFolder(t);
	writeFileSync(path.join(folder, '1.png'), light);
	writeFileSync(path.join(folder, '2.png'), 'no image');
	writeFileSync(path.join(folder, '3.png'), dark);
	const names: string[] = [];
	const all = async () => {
		for await (const {name, classes} of predict(run, [folder])) {
			t.deepEqual(classes, ['dark', 'light']);
			names.push(name);
		}
	};
	await t.throwsAsync(all(), {instanceOf: ImageError, message: /2\.png: expected an image/});
	t.deepEqual(names, ['light']);
});
