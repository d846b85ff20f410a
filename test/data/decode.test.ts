import {mkdirSync, readdirSync, readFileSync, readlinkSync, unlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import vm from 'node:vm';
import test from 'ava';
import sharp, {type Sharp} from 'sharp';
import {decodeImage} from '../../ts/data/decode/decode-image.js';
import {type Fit, type Preparation, plainPreparation} from '../../ts/data/decode/preparation.js';
import {preparationSteps, prepareImage} from '../../ts/data/decode/prepare-image.js';
import {arrays, defineStep, imageFolder, loadModel, train} from '../../ts/index.js';
import {temporaryFolder} from '../helpers/folder.js';

process.env['STEPLADDER_CACHE'] = path.join(process.cwd(), 'build', 'test-cache');

/** As in scripts/reference/make_images.py. */
const drawn = (width: number, height: number, channels: number): Uint8Array =>
	Uint8Array.from({length: width * height * channels}, (_, index) => {
		const c = index % channels;
		const x = Math.floor(index / channels) % width;
		const y = Math.floor(index / channels / width);
		const waves = (x * 7 + y * 13 + c * 29) % 256;
		const checks = 90 * ((Math.floor(x / 5) + Math.floor(y / 3) + c) % 2);
		return Math.floor((waves * 2 + checks + ((x * y) % 31)) / 3) % 256;
	});

const imageOf = (width: number, height: number, channels: 1 | 2 | 3 | 4 = 3) =>
	sharp(drawn(width, height, channels), {raw: {width, height, channels}});

type Wanted = Partial<Preparation & {readonly size: number; readonly channels: number}>;

const prepared = async (file: string | Uint8Array, {size = 28, channels = 3, ...how}: Wanted = {}) => {
	const [image, preparation] = [await decodeImage(file), {...plainPreparation, ...how}];
	const pixels = await prepareImage(image, {size, channels}, preparation);
	return {pixels, done: await preparationSteps(image, {size, channels}, preparation)};
};

const largestDifference = (a: Uint8Array, b: Uint8Array): number =>
	a.reduce((most, value, index) => Math.max(most, Math.abs(value - (b[index] ?? Number.NaN))), 0);

test('images are resized, flattened and greyed as Pillow does it, within two levels', async t => {
	const {cases} = JSON.parse(readFileSync('test/data/pillow.json', 'utf8')) as {
		cases: Array<{
			width: number;
			height: number;
			size: number;
			channels: number;
			alpha?: true;
			fit?: Fit;
			pixels: string;
		}>;
	};
	t.is(cases.length, 14);
	for (const {width, height, size, channels, alpha, fit = 'whole', pixels} of cases) {
		const png = await imageOf(width, height, alpha ? 4 : 3)
			.png()
			.toBuffer();
		const level = alpha ? 255 : 0;
		const background = [level, level, level] as const;
		const {pixels: ours} = await prepared(png, {size, channels, fit, background});
		const difference = largestDifference(ours, Buffer.from(pixels, 'base64'));
		t.true(difference <= 2, `${width} x ${height} to ${channels} x ${size} x ${size}, ${fit}: ${difference}`);
	}
});

test('the same pixels give the same bytes, whatever the format', async t => {
	for (const [width, height] of [
		[253, 255],
		[500, 375],
		[64, 64],
		[1203, 801],
	] as const) {
		const jpeg = await imageOf(width, height).jpeg().toBuffer();
		const pixels = await sharp(jpeg).raw().toBuffer();
		const same = (): Sharp => sharp(pixels, {raw: {width, height, channels: 3}});
		const {pixels: expected} = await prepared(jpeg);
		const others = {png: same().png(), webp: same().webp({lossless: true}), tiff: same().tiff({compression: 'lzw'})};
		for (const [format, image] of Object.entries(others)) {
			t.deepEqual((await prepared(await image.toBuffer())).pixels, expected, `${format}, ${width} x ${height}`);
		}
	}
});

test('an image is turned upright by its EXIF orientation, whatever that is', async t => {
	const upright = await imageOf(60, 40).png().toBuffer();
	const {pixels: expected} = await prepared(upright);
	const turned = [
		undefined,
		{},
		{flop: true},
		{rotate: 180},
		{flip: true},
		{flop: true, rotate: 270},
		{rotate: 270},
		{flop: true, rotate: 90},
		{rotate: 90},
	] as const;
	for (const [orientation, how] of turned.entries()) {
		if (how === undefined) {
			continue;
		}

		const {flop = false, flip = false, rotate = 0} = how as {flop?: boolean; flip?: boolean; rotate?: number};
		const stored = await sharp(await sharp(upright).flop(flop).flip(flip).png().toBuffer())
			.rotate(rotate)
			.png()
			.toBuffer();
		const tagged = await sharp(stored).withMetadata({orientation}).png().toBuffer();
		const {pixels, done} = await prepared(tagged);
		t.deepEqual(pixels, expected, `orientation ${orientation}`);
		t.is(done.includes(`turned upright (EXIF orientation ${orientation})`), orientation > 1);
	}
});

test('pure colours have the greys of Pillow, torchvision and Keras', async t => {
	for (const [background, grey] of [
		['#f00', 76],
		['#0f0', 150],
		['#00f', 29],
		['#fff', 255],
		['#808080', 128],
	] as const) {
		const png = await sharp({create: {width: 8, height: 8, channels: 3, background}})
			.png()
			.toBuffer();
		t.deepEqual([...new Set((await prepared(png, {channels: 1})).pixels)], [grey], background);
	}
});

test('an image without colours is grey, and fills all channels of a net for colours', async t => {
	const png = await imageOf(28, 28, 1).toColourspace('b-w').png().toBuffer();
	t.true(Buffer.from(drawn(28, 28, 1)).equals((await prepared(png, {channels: 1})).pixels));
	t.true(Buffer.concat([drawn(28, 28, 1), drawn(28, 28, 1), drawn(28, 28, 1)]).equals((await prepared(png)).pixels));
});

/** A JPEG with one field of its header changed. */
const jpegWith = async (change: (jpeg: Buffer, scan: number) => Buffer): Promise<{plain: Buffer; odd: Buffer}> => {
	const plain = await imageOf(32, 32).jpeg().toBuffer();
	return {plain, odd: change(Buffer.from(plain), plain.indexOf(Buffer.from([0xff, 0xda])))};
};

const odd: Readonly<Record<string, (jpeg: Buffer, scan: number) => Buffer>> = {
	'the spectrum of a baseline scan': (jpeg, scan) => {
		jpeg[scan + 2 + jpeg.readUInt16BE(scan + 2) - 2] = 0;
		return jpeg;
	},
	'an unknown version of JFIF': jpeg =>
		Buffer.concat([
			jpeg.subarray(0, 2),
			Buffer.from([0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0]),
			jpeg.subarray(2),
		]),
	'bytes between its segments': (jpeg, scan) =>
		Buffer.concat([jpeg.subarray(0, scan), Buffer.from([1, 2, 3]), jpeg.subarray(scan)]),
};

for (const [what, change] of Object.entries(odd)) {
	test(`a whole JPEG with ${what} gives its pixels and a warning`, async t => {
		const {plain, odd} = await jpegWith(change);
		const image = await decodeImage(odd);
		t.deepEqual(image.samples, (await decodeImage(plain)).samples);
		t.regex(image.warnings.join(), /^an unusual header: /);
	});
}

test('a JPEG that was cut, or damaged in its scan, is refused', async t => {
	const plain = await imageOf(64, 64).jpeg().toBuffer();
	const scan = plain.indexOf(Buffer.from([0xff, 0xda]));
	await t.throwsAsync(decodeImage(plain.subarray(0, -2)), {message: /./});
	await t.throwsAsync(decodeImage(plain.subarray(0, scan + 200)), {message: /./});
	const damaged = Buffer.from(plain);
	damaged.fill(0xff, scan + 300, scan + 304);
	await t.throwsAsync(decodeImage(damaged), {message: /./});
});

// Serial: libvips has one list of messages for a process, and each use of sharp by another test here clears it.
test.serial('each damaged image has its own reason, however many are decoded at once', async t => {
	const plain = await imageOf(64, 64).jpeg().toBuffer();
	const bad = {
		cut: plain.subarray(0, -400),
		text: Buffer.from('no image'),
		start: Buffer.from('ffd8', 'hex'),
		empty: Buffer.alloc(0),
		bmp: Buffer.from('BM12345678'),
	};
	const alone = new Map<string, string>();
	for (const [name, bytes] of Object.entries(bad)) {
		alone.set(name, String((await t.throwsAsync(decodeImage(bytes))).message));
	}

	const all = Array.from({length: 12}, () => Object.entries(bad)).flat();
	const together = await Promise.allSettled(all.map(async ([, bytes]) => decodeImage(bytes)));
	for (const [index, [name]] of all.entries()) {
		const outcome = together[index];
		const reason = outcome?.status === 'rejected' ? String(outcome.reason.message) : '';
		t.true(
			name === 'cut' ? /premature end|damaged or cut short/.test(reason) : reason === alone.get(name),
			`${name}: ${reason}`,
		);
	}

	t.regex(alone.get('cut') ?? '', /premature end|damaged or cut short/);
	t.regex(alone.get('bmp') ?? '', /it is a BMP, which can’t be read: save it as PNG or JPEG/);
	t.is(alone.get('empty'), 'it is empty');
});

test('a file that was overwritten is read again, and none stays open or mapped', async t => {
	const file = path.join(temporaryFolder(t), 'upload.webp');
	const seen = [];
	for (const background of ['#f00', '#00f']) {
		writeFileSync(
			file,
			await sharp({create: {width: 900, height: 900, channels: 3, background}})
				.webp({lossless: true})
				.toBuffer(),
		);
		seen.push([...(await prepared(file, {size: 1})).pixels]);
	}

	t.deepEqual(seen, [
		[255, 0, 0],
		[0, 0, 255],
	]);
	unlinkSync(file);
	if (process.platform === 'linux') {
		const open = readdirSync('/proc/self/fd').flatMap(name => {
			try {
				return [readlinkSync(`/proc/self/fd/${name}`)];
			} catch {
				return [];
			}
		});
		t.false(open.some(name => name.includes('upload.webp')));
		t.false(readFileSync('/proc/self/maps', 'utf8').includes('upload.webp'));
	}
});

test('bits say what white is in a file of 16 bits', async t => {
	for (const [bits, white] of [
		[12, 4095],
		[16, 65_535],
	] as const) {
		const values = Uint16Array.from({length: 256}, (_, index) => Math.round((white * index) / 255));
		const png = await sharp(values, {raw: {width: 16, height: 16, channels: 1}})
			.toColourspace('grey16')
			.png()
			.toBuffer();
		const {pixels, done} = await prepared(png, {channels: 1, size: 16, bits});
		t.true(
			largestDifference(
				pixels,
				Uint8Array.from({length: 256}, (_, index) => index),
			) <= 1,
			`${bits} bits`,
		);
		t.true(done.includes(`${bits} bits to 8`));
	}
});

test('what was done to an image is listed', async t => {
	const wide = await imageOf(60, 40).png().toBuffer();
	t.deepEqual((await prepared(wide)).done, ['scaled whole from 60 x 40 into 28 x 28, on black']);
	t.deepEqual((await prepared(wide, {fit: 'cover', channels: 1})).done, [
		'colours to grey',
		'the middle square of 60 x 40 scaled to 28 x 28',
	]);
	t.deepEqual((await prepared(await imageOf(28, 28).png().toBuffer())).done, []);
	const ink = await sharp({create: {width: 28, height: 28, channels: 4, background: {r: 0, g: 0, b: 0, alpha: 0.5}}})
		.png()
		.toBuffer();
	t.deepEqual((await prepared(ink, {background: [255, 255, 255]})).done, ['transparent parts on white']);
});

/** A folder of images, by their paths. */
const folderOf = async (
	t: Parameters<typeof temporaryFolder>[0],
	files: Readonly<Record<string, Sharp | string>>,
): Promise<string> => {
	const folder = temporaryFolder(t);
	for (const [name, image] of Object.entries(files)) {
		const file = path.join(folder, name);
		mkdirSync(path.dirname(file), {recursive: true});
		writeFileSync(
			file,
			typeof image === 'string'
				? image
				: await image.toFormat(path.extname(name).slice(1).replace('jfif', 'jpeg') as 'png').toBuffer(),
		);
	}

	return folder;
};

const plainSet = (set: string, formats = ['png', 'png']): Record<string, Sharp> =>
	Object.fromEntries(
		['a', 'b'].flatMap(name => formats.map((format, index) => [`${set}/${name}/${index}.${format}`, imageOf(16, 16)])),
	);

test('images of all formats that can be read are used, and other files are reported in a line', async t => {
	const folder = await folderOf(t, {
		...plainSet('train', ['webp', 'jfif', 'gif', 'tiff', 'avif']),
		...plainSet('test', ['webp']),
		'train/a/notes.txt': 'notes',
		'train/readme.md': 'read me',
	});
	const lines: string[] = [];
	const {train, test: tested} = await imageFolder(folder, {size: 16}).open('.', {tell: line => lines.push(line)});
	t.deepEqual([train, tested], [10, 2]);
	t.is(lines[0], 'Left out 2 files or folders that are no image of a class, such as train/readme.md');
});

test('black ink on transparency is seen, on white', async t => {
	const ink = (): Sharp =>
		sharp(
			Buffer.from(
				'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><circle cx="32" cy="32" r="20"/></svg>',
			),
		);
	const folder = await folderOf(
		t,
		Object.fromEntries(
			['train', 'test'].flatMap(set => ['a', 'b'].flatMap(name => [0, 1].map(i => [`${set}/${name}/${i}.png`, ink()]))),
		),
	);
	const data = await imageFolder(folder, {size: 16, channels: 1}).open('.');
	t.deepEqual(data.preparation, {fit: 'whole', background: [255, 255, 255], bits: 16});
	const again = await imageFolder(folder, {size: 16, channels: 1}).open('.');
	t.deepEqual(
		[again.idx.folder, again.preparation],
		[data.idx.folder, data.preparation],
		'the cache keeps the background',
	);
	t.is(Math.max(...data.testImage(0)), 255);
	t.is(Math.min(...data.testImage(0)), 0);
	const black = await imageFolder(folder, {size: 16, channels: 1, background: 'black'}).open('.');
	t.is(Math.max(...black.testImage(0)), 0);
});

test('missing sets are reported with the folders that exist', async t => {
	const folder = await folderOf(t, {...plainSet('Train'), ...plainSet('val')});
	await t.throwsAsync(imageFolder(folder, {size: 16}).open('.'), {
		code: 'data',
		message:
			/expected the folders train and test, each with a folder for every class; train is missing and test is missing, found Train, val/,
	});
	const bare = await folderOf(t, {...plainSet('.')});
	await t.throwsAsync(imageFolder(bare, {size: 16}).open('.'), {
		message: /found a, b; if its folders are the classes, split them by/,
	});
	await t.throwsAsync(imageFolder(`${bare}x`, {size: 16}).open('.'), {message: /it does not exist/});
});

test('classes without sets are split class by class, groups whole, the same way in any order', async t => {
	const names = Array.from({length: 20}, (_, i) => `p${Math.floor(i / 4)}_${i}.png`);
	const folder = await folderOf(
		t,
		Object.fromEntries(['a', 'b'].flatMap(label => names.map(name => [`${label}/${name}`, imageOf(16, 16)]))),
	);
	const open = async (options: object) => imageFolder(folder, {size: 16, ...options}).open('.');
	const plain = await open({split: {test: 0.25, seed: 1}});
	t.deepEqual([plain.train, plain.test, [...plain.testLabels()].filter(label => label === 1).length], [30, 10, 5]);
	const grouped = await open({split: {test: 0.2, seed: 1}, group: /^(\w+)_/});
	t.deepEqual([grouped.train, grouped.test], [32, 8]);
	t.throws(() => imageFolder(folder, {size: 16, split: {test: 2}}), {code: 'setting', message: /split\.test/});
	t.throws(() => imageFolder(folder, {size: 16, channles: 1} as never), {
		code: 'setting',
		message: /unknown name `channles` \(did you mean `channels`\?\)/,
	});
});

test('a model remembers how its images were prepared, and predicts files in the same way', async t => {
	const images = Uint8Array.from({length: 8 * 64}, (_, index) => (Math.floor(index / 64) % 2) * 200);
	const set = {images, labels: [0, 1, 0, 1, 0, 1, 0, 1]};
	const data = arrays({size: 8, channels: 1, train: set, test: set, fit: 'fill', background: 'white'});
	const folder = temporaryFolder(t);
	const net = {
		channels: 1,
		size: 8,
		classes: 2,
		block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: true, norm: 'none', dropout: 0},
		body: [],
		head: [{kind: 'conv', channels: 2, kernel: 8, padding: 0, bias: true}, {kind: 'flatten'}],
	} as const;
	const step = defineStep({
		name: 'a',
		experiment: {
			net: structuredClone(net) as never,
			optimizer: {momentum: 0.9, nesterov: true, weightDecay: 0},
			...{schedule: {kind: 'constant', learningRate: 0.01}, labelSmoothing: 0, batchSize: 8, epochs: 1},
		},
		target: {why: 'A test.', testAccuracy: 0.5, heldFor: 1, maxParameters: 1000, maxEpochs: 1},
	});
	let run: string | undefined;
	for await (const event of train(step, {data, out: folder})) {
		run = event.type === 'seed' ? event.folder : run;
	}

	const model = await loadModel(run ?? '');
	t.deepEqual(model.preparation, {fit: 'fill', background: [255, 255, 255], bits: 16});
	const {done} = await model.predictImage(await imageOf(60, 40).png().toBuffer());
	t.deepEqual(done, ['colours to grey', 'stretched from 60 x 40 to 8 x 8']);
	const given = vm.runInNewContext('new Uint8Array(64)') as Uint8Array;
	t.is((await model.predict(given)).length, 1);
});

test('16-bit images that use few of their bits are reported, from the cache as well', async t => {
	const dim = (first: number): Sharp =>
		sharp(
			Uint16Array.from({length: 64}, (_, pixel) => first + 60 * pixel),
			{raw: {width: 8, height: 8, channels: 1}},
		)
			.toColourspace('grey16')
			.png();
	const names = ['train/a/1', 'train/a/2', 'train/b/1', 'train/b/2', 'test/a/1', 'test/b/1'];
	const folder = await folderOf(t, Object.fromEntries(names.map((name, index) => [`${name}.png`, dim(40 * index)])));
	const open = async (options: object): Promise<string[]> => {
		const lines: string[] = [];
		await imageFolder(folder, {size: 8, channels: 1, ...options}).open('.', {tell: line => lines.push(line)});
		return lines;
	};
	const dark = await open({});
	t.regex(
		dark[0] ?? '',
		/^No 16-bit image uses more than 1\/8 of its range, .*: say how many bits they use, such as `bits: 12`$/,
	);
	t.deepEqual(await open({}), dark);
	t.deepEqual(await open({bits: 12}), []);
});
