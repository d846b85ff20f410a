import {mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import sharp from 'sharp';
import {AbortError, arrays, idx, imageFolder, openLadder, train} from '../../ts/index.js';
import {temporaryFolder} from '../helpers/folder.js';
import {writeIdxFiles} from '../helpers/idx.js';
import {ladder} from '../helpers/mnist.js';
import {OwnLadder} from '../helpers/own-ladder.js';

process.env['STEPLADDER_CACHE'] = path.join(process.cwd(), 'build', 'test-cache');

test('MNIST’s digits as a folder of PNGs, as IDX files and as arrays train to the same bits', async t => {
	const folder = temporaryFolder(t);
	const data = await ladder.data.open('.');
	const read = (name: string, header: number): Buffer =>
		readFileSync(path.join(data.idx.folder, name)).subarray(header);
	const sets = {
		train: {
			images: read('train-images-idx3-ubyte', 16).subarray(0, 600 * 784),
			labels: read('train-labels-idx1-ubyte', 8).subarray(0, 600),
		},
		test: {
			images: read('t10k-images-idx3-ubyte', 16).subarray(0, 200 * 784),
			labels: read('t10k-labels-idx1-ubyte', 8).subarray(0, 200),
		},
	};
	for (const [set, {images, labels}] of Object.entries(sets)) {
		for (const [index, label] of labels.entries()) {
			const file = path.join(folder, 'png', set, String(label), `${index}.png`);
			mkdirSync(path.dirname(file), {recursive: true});
			const pixels = images.subarray(index * 784, (index + 1) * 784);
			await sharp(pixels, {raw: {width: 28, height: 28, channels: 1}})
				.png()
				.toFile(file);
		}
	}

	const files = path.join(folder, 'idx');
	mkdirSync(files);
	writeIdxFiles(files, [28, 28], sets);
	const step = ladder.step('fc-layer');
	const epochs = async (source: Parameters<typeof train>[1]['data']) => {
		const told: unknown[] = [];
		for await (const event of train(step, {data: source, epochs: 2})) {
			if (event.type === 'epoch') {
				told.push({...event, seconds: 0});
			}
		}

		return told;
	};

	const expected = await epochs(idx(files));
	t.is(expected.length, 2);
	t.deepEqual(await epochs(imageFolder(path.join(folder, 'png'), {size: 28, channels: 1})), expected);
	t.deepEqual(await epochs(arrays({...sets, size: 28})), expected);
	const hashes = await Promise.all(
		[idx(files), imageFolder(path.join(folder, 'png'), {size: 28, channels: 1}), arrays({...sets, size: 28})].map(
			async source => (await source.open('.')).hash,
		),
	);
	t.is(new Set(hashes).size, 1);
});

test('a test image that is not there is refused', async t => {
	const data = await ladder.data.open('.');
	t.is(data.testImage(data.test - 1).length, 784);
	for (const index of [-1, 0.5, data.test, 'x' as unknown as number]) {
		t.throws(() => data.testImage(index), {
			code: 'setting',
			message: /^`index` should be a whole number from 0 to 9999/,
		});
	}
});

test('images are decoded until nobody waits for them any more', async t => {
	const own = await coloured(t);
	const ladder = await openLadder(own.folder);
	const [one, other] = [new AbortController(), new AbortController()];
	const [first, second] = [one, other].map(({signal}) => ladder.data.open('.', {signal}));
	one.abort();
	await t.throwsAsync(async () => first, {instanceOf: AbortError});
	t.is((await second)?.train, 6);
	const alone = imageFolder(path.join(own.folder, 'images'), {size: 13}).open('.', {signal: AbortSignal.abort()});
	await t.throwsAsync(alone, {instanceOf: AbortError});
});

const definition = (options = 'size: 12, channels: 3'): string => `import {defineLadder, imageFolder} from 'stepladder';
export default defineLadder({name: 'tiny', data: imageFolder('images', {${options}})});
`;

const step = `import {defineStep} from 'stepladder';
export default defineStep({
	name: 'a',
	experiment: {
		net: {
			channels: 3, size: 12, classes: 2,
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: true, norm: 'none', dropout: 0},
			body: [], head: [{kind: 'conv', channels: 2, kernel: 12, padding: 0, bias: true}, {kind: 'flatten'}],
		},
		optimizer: {momentum: 0.9, nesterov: true, weightDecay: 0},
		schedule: {kind: 'constant', learningRate: 0.01},
		labelSmoothing: 0, batchSize: 4, epochs: 2,
	},
	target: {why: 'To begin.', testAccuracy: 0.5, heldFor: 1, maxParameters: 1000, maxEpochs: 2},
});
`;

const picture = async (colour: string, width = 20, height = 30): Promise<Buffer> =>
	sharp({create: {width, height, channels: 3, background: colour}})
		.jpeg()
		.toBuffer();

/** A ladder of eight images in two classes, none of them of the size that is learned. */
const coloured = async (t: Parameters<typeof temporaryFolder>[0]): Promise<OwnLadder> => {
	const own = new OwnLadder(t, {'ladder.ts': definition(), 'steps/0-a.ts': step});
	for (const [name, colour] of [
		['red', '#e22'],
		['sky blue', '#2ae'],
	] as const) {
		for (const [set, index, width] of [
			['train', 1, 20],
			['train', 2, 64],
			['train', 3, 7],
			['test', 1, 33],
		] as const) {
			own.write(`images/${set}/${name}/${index}.jpg`, await picture(colour, width));
		}
	}

	return own;
};

test('images of any size are brought to the one that is learned, and classes keep their names', async t => {
	const own = await coloured(t);
	own.write('images/train/red/notes.txt', 'not an image');
	own.write('images/train/.DS_Store', 'nor this');
	const {stdout, stderr, exitCode} = await own.run(['train', '--step', 'a']);
	t.is(exitCode, 0, stderr);
	t.regex(stdout, /Accuracy: 2\/2 \(100\.00%\)/);
	const [run = ''] = readdirSync(path.join(own.folder, 'runs', 'a'));
	const predicted = await own.run(['predict', `runs/a/${run}/model.safetensors`, 'images/test/sky blue/1.jpg']);
	t.regex(predicted.stdout, /^images\/test\/sky blue\/1\.jpg: sky blue \(\d+\.\d\d %\)/);
	const config = JSON.parse(own.read(`runs/a/${run}/config.json`));
	t.deepEqual([config.data.classes, config.data.train, config.data.test], [['red', 'sky blue'], 6, 2]);
});

/** The output of a command without progress lines, which a busy machine gets. */
const said = (stderr: string): string => stderr.replaceAll(/^Decoded .*\n/gm, '');

const damages = test.macro(async (t, damage: (own: OwnLadder) => Promise<void> | void, expected: RegExp) => {
	const own = await coloured(t);
	await damage(own);
	const ended = await own.run(['train', '--step', 'a']);
	t.is(ended.exitCode, 5, ended.stdout);
	t.regex(said(ended.stderr), expected);
	t.is(said(ended.stderr).split('\n').length, 1, ended.stderr);
	t.false(readdirSync(own.folder).includes('runs'));
});

test(
	'a truncated JPEG',
	damages,
	async own => own.write('images/train/red/4.jpg', (await picture('#e22', 300, 300)).subarray(0, 700)),
	/^stepladder: \S+images\/train\/red\/4\.jpg: expected a whole image, found damage \(.*\); repair it, or leave such images out with `--skip-damaged`$/,
);
test(
	'a PNG of no bytes',
	damages,
	own => own.write('images/test/red/5.png', ''),
	/images\/test\/red\/5\.png: expected a whole image/,
);
test(
	'a class of one image',
	damages,
	own => own.write('images/train/green/1.png', ''),
	/images\/train\/green: the class `green` has 1 image to learn from; at least 2 are needed$/,
);
test(
	'a class that is tested and not learned',
	damages,
	async own => own.write('images/test/green/1.jpg', await picture('#2e2')),
	/images\/test\/green: the class `green` has test images but none to learn from; put some in \S+images\/train\/green$/,
);
test(
	'a folder of images that is not there',
	damages,
	own => own.write('ladder.ts', definition().replace("'images'", "'pictures'")),
	/pictures: expected a folder of images, with train\/<class>\/\* and test\/<class>\/\*; it does not exist/,
);
test(
	'images of another shape than the net takes',
	damages,
	own => own.write('ladder.ts', definition('size: 16, channels: 1')),
	/^stepladder: the net of step `a` takes images of 3 x 12 x 12 in at most 2 classes \(channels x height x width\), but `images` has images of 1 x 16 x 16 in 2 classes: make/,
);
test(
	'more classes than the net tells apart',
	damages,
	async own => {
		for (const [set, width] of [
			['train', 12],
			['train', 20],
			['test', 40],
		] as const) {
			own.write(`images/${set}/yellow/${width}.jpg`, await picture('#ee2', width));
		}
	},
	/takes images of 3 x 12 x 12 in at most 2 classes .* has images of 3 x 12 x 12 in 3 classes:/,
);

test(
	'an image that is a link to nowhere',
	damages,
	own => symlinkSync('/nowhere', path.join(own.folder, 'images/train/red/4.png')),
	/images\/train\/red\/4\.png: expected a whole image, found damage \(it is a link to nowhere, not a file\); repair it/,
);
test(
	'an image that is a link to itself',
	damages,
	own => symlinkSync('4.png', path.join(own.folder, 'images/test/red/4.png')),
	/images\/test\/red\/4\.png: expected a whole image, found damage \(it is a link to nowhere, not a file\); repair it/,
);
test(
	'a class that is a link to nowhere',
	damages,
	own => symlinkSync('/nowhere', path.join(own.folder, 'images/train/green')),
	/images\/train\/green: expected a folder of images of one class; it is a link to nowhere \(a class can’t be left out: mend or remove it\)$/,
);
test(
	'a set that is a file',
	damages,
	own => {
		own.write('ladder.ts', definition().replace("'images'", "'pictures'"));
		own.write('pictures/train', '');
	},
	/pictures: expected the folders train and test, .*; train is a file and test is missing, found no folders$/,
);

/** A name in Latin-1, which other systems don't take. */
const latin = (folder: string, end: string): Buffer => Buffer.concat([Buffer.from(folder), Buffer.from(end, 'latin1')]);

if (process.platform === 'linux') {
	test(
		'an image whose name is not UTF-8',
		damages,
		own => writeFileSync(latin(own.folder, '/images/train/red/grün.png'), ''),
		/images\/train\/red\/gr\uFFFDn\.png: expected a whole image, found damage \(its name is not UTF-8\); repair it/,
	);
	test(
		'a class whose name is not UTF-8',
		damages,
		own => mkdirSync(latin(own.folder, '/images/train/grün')),
		/images\/train\/gr\uFFFDn: expected a folder of images of one class; its name is not UTF-8 \(a class can’t be left out/,
	);
}

test('damaged images are left out where that is asked for, and counted', async t => {
	const own = await coloured(t);
	own.write('images/train/red/4.jpg', 'no image');
	own.write('images/test/sky blue/7.png', '');
	const {stderr, exitCode} = await own.run(['train', '--step', 'a', '--skip-damaged', '--quiet']);
	t.is(exitCode, 0, stderr);
	const leftOut = 'Left out 2 damaged images: test/sky blue/7.png, train/red/4.jpg';
	t.is(said(stderr), leftOut);
	// Other commands that read the data can leave them out as well.
	const doctor = await own.run(['doctor', '--skip-damaged']);
	t.regex(doctor.stdout, /^✓ Data: images, 6 training and 2 test images/m);
	const bench = await own.run(['bench', '--skip-damaged', '--rounds', '1']);
	t.is(bench.exitCode, 0, bench.stderr);
	// What was decoded before is taken from the cache, and said again; a mended image is noticed.
	t.is((await own.run(['train', '--step', 'a', '--skip-damaged', '--quiet'])).stderr, leftOut);
	own.write('images/train/red/4.jpg', await picture('#e22'));
	own.write('images/test/sky blue/7.png', await picture('#2ae'));
	const mended = await own.run(['train', '--step', 'a', '--skip-damaged', '--quiet']);
	t.is(mended.exitCode, 0);
	t.notRegex(mended.stderr, /Left out/);
});

test('links to nowhere and names that are not UTF-8 are left out like other damaged images', async t => {
	const own = await coloured(t);
	const link = path.join(own.folder, 'images/train/red/4.png');
	symlinkSync('/nowhere', link);
	symlinkSync('5.png', path.join(own.folder, 'images/train/red/5.png'));
	const names = ['train/red/4.png', 'train/red/5.png'];
	if (process.platform === 'linux') {
		writeFileSync(latin(own.folder, '/images/test/red/grün.png'), '');
		names.unshift('test/red/gr\uFFFDn.png');
	}

	const left = await own.run(['train', '--step', 'a', '--skip-damaged', '--quiet']);
	t.is(said(left.stderr), `Left out ${names.length} damaged images: ${names.join(', ')}`);
	t.is(left.exitCode, 0);
	rmSync(link);
	own.write('elsewhere.png', await picture('#e22', 50));
	symlinkSync(path.join(own.folder, 'elsewhere.png'), link);
	const mended = await own.run(['train', '--step', 'a', '--skip-damaged', '--quiet']);
	const still = names.filter(name => name !== 'train/red/4.png');
	t.regex(
		said(mended.stderr),
		new RegExp(`^1 link leads out of .*\\nLeft out \\d damaged images?: ${still.join(', ')}$`),
	);
	t.is(mended.exitCode, 0);
});

test('a cache that can not be written is named', async t => {
	const own = await coloured(t);
	writeFileSync(path.join(own.folder, '.cache'), 'in the way');
	const {stderr, exitCode} = await own.run(['train', '--step', 'a']);
	t.is(exitCode, 1);
	t.regex(
		stderr,
		/could not write the cache in \S+; name another folder by STEPLADDER_CACHE$|could not write the cache in .*STEPLADDER_CACHE$/,
	);
});

test('arrays whose lengths, labels and names do not go together are refused', t => {
	const set = {images: new Uint8Array(32), labels: [0, 1]};
	const refused = (change: object, message: RegExp) =>
		t.throws(() => arrays({train: set, test: set, size: 4, ...change}), {code: 'setting', message});
	refused({size: 5}, /`train\.images` should be 25 bytes for each of its 2 labels, at least one, got 32 bytes/);
	refused({size: 0.5}, /`size`/);
	refused({channels: 2}, /`channels` should be 1 or 3, got 2/);
	refused({test: {images: new Uint8Array(0), labels: []}}, /`test\.images`/);
	refused({train: {...set, labels: [0, 300]}}, /`train\.labels` should be whole numbers from 0 to 255, got 300/);
	refused({classes: ['only']}, /`train\.labels` should be whole numbers below 1, got 1/);
	refused({classes: 'ab'}, /`classes` should be a list of names, got "ab" \(a string\)/);
	refused({train: undefined}, /`train\.images` should be a Uint8Array, got undefined/);
});

test('a source without its folder, its size or its arrays says what is missing', t => {
	const refused = (source: () => unknown, message: RegExp) => t.throws(source, {code: 'setting', message});
	refused(
		() => imageFolder('images', undefined as never),
		/`size` should be a whole number from 1 to 4096, got undefined/,
	);
	refused(() => imageFolder(undefined as never, {size: 4}), /`folder` should be a path, got undefined/);
	refused(() => idx(undefined as never), /`folder` should be a path/);
	refused(() => idx('data', {classes: 'ab' as never}), /`classes` should be a list of names/);
	refused(() => arrays(undefined as never), /`size` should be a whole number from 1 to 4096, got undefined/);
});

test('IDX files with more classes than are named are refused', async t => {
	const folder = temporaryFolder(t);
	const set = {images: new Uint8Array(3 * 16), labels: Uint8Array.of(0, 1, 2)};
	writeIdxFiles(folder, [4, 4], {train: set, test: set});
	t.deepEqual((await idx(folder, {classes: ['a', 'b', 'c']}).open('.')).classes, ['a', 'b', 'c']);
	await t.throwsAsync(idx(folder, {classes: ['a', 'b']}).open('.'), {
		code: 'data',
		message: /expected labels below 2, for the 2 classes that are named, found 2 as the highest$/,
	});
});

test('a class may be a link to a folder', async t => {
	const own = await coloured(t);
	renameSync(path.join(own.folder, 'images/train/red'), path.join(own.folder, 'elsewhere'));
	symlinkSync(path.join(own.folder, 'elsewhere'), path.join(own.folder, 'images/train/red'), 'junction');
	const {stdout, stderr, exitCode} = await own.run(['train', '--step', 'a']);
	t.is(exitCode, 0, stderr);
	t.regex(stdout, /Accuracy: 2\/2 \(100\.00%\)/);
});

(process.platform === 'win32' ? test.skip : test)('links that lead out of a folder of images are reported', async t => {
	const own = await coloured(t);
	const at = (name: string): string => path.join(own.folder, name);
	symlinkSync('1.jpg', at('images/train/red/8.jpg'));
	symlinkSync('../../test', at('images/train/red/test'));
	const inside = await own.run(['doctor']);
	t.notRegex(inside.stderr, /out of the folder/);
	own.write('secret/9.png', await picture('#e22', 50));
	symlinkSync('../../../secret/9.png', at('images/train/red/9.png'));
	const one = /^1 link leads out of the folder images, such as train\/red\/9\.png to \/.*\/secret\/9\.png$/m;
	for (const words of [['doctor'], ['train', '--step', 'a', '--quiet'], ['evaluate', 'runs/latest', 'images/train']]) {
		const {stderr, exitCode} = await own.run(words);
		t.is(exitCode, 0, stderr);
		t.regex(
			stderr,
			words[0] === 'evaluate' ? /^2 links lead out of the folder train, such as red\/(?:9\.png|test) to /m : one,
		);
	}

	renameSync(at('images/test/red'), at('elsewhere'));
	symlinkSync('../../elsewhere', at('images/test/red'));
	const two = await own.run(['doctor']);
	t.regex(two.stderr, /^2 links lead out of the folder images, such as test\/red to \/.*\/elsewhere$/m);
});

test('data that were mended are read by the ladder that found the damage', async t => {
	const own = await coloured(t);
	own.write('images/train/red/4.jpg', 'no image');
	const opened = await openLadder(own.folder);
	await t.throwsAsync(opened.data.open('.'), {code: 'data'});
	own.write('images/train/red/4.jpg', await picture('#e22'));
	t.is((await opened.data.open('.')).train, 7);
});

test.serial('images that another version decoded are decoded again, and a record of other pixels says why', async t => {
	const own = await coloured(t);
	const before = process.env['STEPLADDER_CACHE'];
	process.env['STEPLADDER_CACHE'] = path.join(own.folder, '.cache');
	t.teardown(() => {
		process.env['STEPLADDER_CACHE'] = before;
	});
	const source = imageFolder(path.join(own.folder, 'images'), {size: 8});
	const kept = (): string[] => readdirSync(path.join(own.folder, '.cache', 'data'));
	const first = await source.open('.');
	t.is((await source.open('.')).idx.folder, first.idx.folder);
	t.is(kept().length, 1);
	const {versions} = sharp;
	t.teardown(() => Object.assign(sharp, {versions}));
	Object.assign(sharp, {versions: {...versions, vips: '0.0.1'}});
	const second = await source.open('.');
	t.not(second.idx.folder, first.idx.folder);
	t.is(second.hash, first.hash);
	t.is(kept().length, 2);
	t.regex(second.decoder ?? '', /^decoder \d+, sharp .+, libvips 0\.0\.1$/);

	t.is((await own.run(['record', '--step', 'a', '--seeds', '1'])).exitCode, 0);
	own.write('images/test/red/1.jpg', await picture('#d33', 33)); // as if it had been decoded otherwise
	const check = await own.run(['record', '--check']);
	t.regex(
		check.stdout,
		/`data\.hash` was preregistered as .*, and is .* in the ladder now \(if the files are the same, decoder \d+, sharp .+, libvips .+ decodes them differently\); put it back, or record again/,
	);
	t.regex(
		(await own.run(['report'])).stderr,
		/the ladder’s data have changed since this was recorded \(or decoder \d+, sharp .+ decodes the same files differently\): restore/,
	);
});
