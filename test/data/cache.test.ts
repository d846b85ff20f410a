import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {
	cpSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	truncateSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {execa} from 'execa';
import sharp from 'sharp';
import {arrays, type DataSource, imageFolder} from '../../ts/index.js';
import {root} from '../helpers/cli.js';
import {temporaryFolder} from '../helpers/folder.js';
import {endedProcess, holderHere, leaveLock, setHeartbeat} from '../helpers/lock.js';

const cache = temporaryFolder({teardown: remove => process.on('exit', () => void remove())});
process.env['STEPLADDER_CACHE'] = cache;

/** Six images in two classes, of colours that no other test has; the seventh is damaged. */
const pictures = async (t: ExecutionContext): Promise<string> => {
	const folder = temporaryFolder(t);
	const [g = 0, b = 0] = createHash('sha256').update(t.title).digest();
	for (const [index, name] of ['train/a/1', 'train/a/2', 'train/b/1', 'train/b/2', 'test/a/1', 'test/b/1'].entries()) {
		const file = path.join(folder, `${name}.png`);
		mkdirSync(path.dirname(file), {recursive: true});
		await sharp({create: {width: 9, height: 7, channels: 3, background: {r: 40 * index, g, b}}}).toFile(file);
	}

	writeFileSync(path.join(folder, 'train/b/3.png'), 'no image');
	return folder;
};

const open = async (source: DataSource) => {
	const told: string[] = [];
	const tell = (line: string): void => {
		if (!/^(?:Decoded|Compared) /.test(line)) {
			told.push(line); // a busy machine gets progress lines
		}
	};
	const data = await source.open('.', {skipDamaged: true, tell});
	return {...data, told};
};

const contents = (folder: string): Record<string, string> =>
	Object.fromEntries(readdirSync(folder).map(name => [name, readFileSync(path.join(folder, name), 'hex')]));

/** Which files stand in a folder, and since when. */
const standing = (folder: string): string[] =>
	[folder, ...readdirSync(folder).map(name => path.join(folder, name))].map(file => {
		const {ino, mtimeMs} = statSync(file);
		return `${file} ${ino} ${mtimeMs}`;
	});

const flip = (file: string, at: number): void => {
	const bytes = readFileSync(file);
	bytes[at] = (bytes[at] ?? 0) ^ 1;
	writeFileSync(file, bytes);
};

const isMended = test.macro(async (t, damage: (entry: string) => void) => {
	const source = imageFolder(await pictures(t), {size: 8});
	const first = await open(source);
	const entry = first.idx.folder;
	const whole = contents(entry);
	const other = await open(arrays({...oneImage(t.title), size: 2}));
	const others = standing(other.idx.folder);
	damage(entry);
	const again = await open(source);
	t.deepEqual([again.hash, again.idx, again.train], [first.hash, first.idx, 4]);
	t.deepEqual(again.told, ['Left out 1 damaged image: train/b/3.png']);
	t.deepEqual(again.testLabels(), Uint8Array.of(0, 1));
	t.deepEqual(contents(entry), whole);
	t.deepEqual(standing(other.idx.folder), others);
	t.deepEqual(
		readdirSync(path.dirname(entry)).filter(name => name.startsWith(`${path.basename(entry)}.`)),
		[],
	);
});

/** Images that no other text makes. */
const oneImage = (text: string) => {
	const images = Uint8Array.from(Buffer.from(text.padEnd(400).slice(-400)));
	const set = {images, labels: Array.from({length: 100}, (_, index) => index % 2)};
	return {train: set, test: set};
};

const images = 'train-images-idx4-ubyte';

test('decoded images with a changed byte are decoded again', isMended, entry => flip(path.join(entry, images), 100));
test('a byte that changed in their labels', isMended, entry => flip(path.join(entry, 't10k-labels-idx1-ubyte'), 9));
test('a byte that changed in the hashes of them', isMended, entry => flip(path.join(entry, 'manifest.json'), 20));
test('a name that changed among those left out', isMended, entry => {
	const file = path.join(entry, 'manifest.json');
	writeFileSync(file, readFileSync(file, 'utf8').replace('b/3.png', 'b/2.png'));
});
test('decoded images cut to nothing', isMended, entry => truncateSync(path.join(entry, images), 0));
test('decoded images cut short', isMended, entry => truncateSync(path.join(entry, images), 300));
test('hashes cut short', isMended, entry => truncateSync(path.join(entry, 'manifest.json'), 60));
test('decoded images that are gone', isMended, entry => rmSync(path.join(entry, images)));
test('an entry without hashes, as an older version wrote it', isMended, entry => {
	rmSync(path.join(entry, 'manifest.json'));
	writeFileSync(path.join(entry, 'left-out.json'), '[]');
});
test('a folder in the place of a file', isMended, entry => {
	rmSync(path.join(entry, images));
	mkdirSync(path.join(entry, images));
});
test('other images beside them, which would be read first', isMended, entry =>
	writeFileSync(path.join(entry, 'train-images-idx3-ubyte'), ''),
);
test('a file in the place of the entry', isMended, entry => {
	rmSync(entry, {recursive: true});
	writeFileSync(entry, 'in the way');
});
test('an entry without files', isMended, entry => {
	rmSync(entry, {recursive: true});
	mkdirSync(entry);
});

test('arrays are rewritten if their cache entry is damaged', async t => {
	const source = arrays({...oneImage(t.title), size: 2});
	const first = await open(source);
	flip(path.join(first.idx.folder, 'train-images-idx3-ubyte'), 100);
	const again = await open(source);
	t.is(again.hash, first.hash);
	t.deepEqual(again.testImage(3), Uint8Array.from(Buffer.from(t.title.padEnd(400).slice(-400).slice(12, 16))));
});

test('what is whole is left as it stands', async t => {
	const source = imageFolder(await pictures(t), {size: 8});
	const {hash, idx} = await open(source);
	const before = standing(idx.folder);
	t.is((await open(source)).hash, hash);
	t.deepEqual(standing(idx.folder), before);
});

test('the lock of a killed process blocks nobody, and is removed', async t => {
	const source = imageFolder(await pictures(t), {size: 8});
	const {idx, hash} = await open(source);
	const lock = `${idx.folder}.lock`;
	const locks = {
		folder: () => leaveLock(lock, holderHere(endedProcess())),
		'file of an earlier version'() {
			writeFileSync(lock, JSON.stringify({pid: 1, place: 'elsewhere'}));
			setHeartbeat(lock, 20);
		},
	};
	for (const [name, leave] of Object.entries(locks)) {
		for (const damage of [() => {}, () => flip(path.join(idx.folder, images), 100)]) {
			damage();
			leave();
			t.is((await open(source)).hash, hash, name);
			t.false(existsSync(lock), name);
		}
	}
});

test('several who mend the same entry at once all end with its images', async t => {
	const source = imageFolder(await pictures(t), {size: 8});
	const first = await open(source);
	flip(path.join(first.idx.folder, images), 100);
	const ended = await Promise.all(Array.from({length: 6}, async () => open(source)));
	t.deepEqual(
		ended.map(({idx}) => idx),
		ended.map(() => first.idx),
	);
	t.deepEqual(ended.at(-1)?.testLabels(), Uint8Array.of(0, 1));
});

test('processes that fill and mend an entry at once all end with its images', async t => {
	const folder = await pictures(t);
	const script = `
		const {imageFolder} = await import(${JSON.stringify(path.join(root, 'dist', 'ts', 'index.js'))});
		const {idx, testLabels} = await imageFolder(${JSON.stringify(folder)}, {size: 8}).open('.', {skipDamaged: true});
		process.stdout.write(JSON.stringify([idx, [...testLabels()]]));`;
	const together = async () =>
		Promise.all(
			Array.from({length: 3}, async () => {
				const {stdout} = await execa(process.execPath, ['--input-type=module', '--eval', script], {timeout: 240_000});
				return stdout;
			}),
		);
	const filled = await together();
	const [{folder: entry}, labels] = JSON.parse(filled[0] ?? '');
	t.deepEqual(labels, [0, 1]);
	t.is(new Set(filled).size, 1);
	renameSync(path.join(entry, images), path.join(entry, 'elsewhere'));
	t.deepEqual(await together(), filled);
});

/** The entries of this file's cache that have images of a folder. */
const entriesOf = (folder: string): string[] => [
	...new Set(
		readdirSync(path.join(cache, 'uses'))
			.filter(name => name.endsWith('.json') && readFileSync(path.join(cache, 'uses', name), 'utf8').includes(folder))
			.map(name => name.split('.', 1)[0] ?? ''),
	),
];

const isCached = (key: string): boolean => existsSync(path.join(cache, 'data', key));

test('files with other times and the same contents are not decoded again', async t => {
	const folder = await pictures(t);
	const {hash, idx} = await open(imageFolder(folder, {size: 8}));
	const before = standing(idx.folder);
	for (let seconds = 1; seconds <= 3; seconds += 1) {
		utimesSync(path.join(folder, 'train/a/1.png'), seconds, seconds);
		const again = await open(imageFolder(folder, {size: 8}));
		t.deepEqual([again.hash, again.idx], [hash, idx]);
	}

	t.deepEqual(standing(idx.folder), before);
	t.deepEqual(entriesOf(folder), [path.basename(idx.folder)]);
});

test('a copy of a folder shares its entry, and each option has its own', async t => {
	const folder = await pictures(t);
	const copy = temporaryFolder(t);
	cpSync(folder, copy, {recursive: true});
	const first = await open(imageFolder(folder, {size: 8}));
	t.deepEqual((await open(imageFolder(copy, {size: 8}))).idx, first.idx);
	const grey = await open(imageFolder(folder, {size: 8, channels: 1}));
	t.not(grey.idx.folder, first.idx.folder);
	t.true(isCached(path.basename(first.idx.folder)));
});

test('images that were edited with the same size and time are decoded again', async t => {
	const folder = await pictures(t);
	const file = path.join(folder, 'test/a/1.png');
	const other = path.join(folder, 'test/b/1.png');
	const [a, b] = await Promise.all(
		[10, 200].map(async level =>
			sharp({create: {width: 9, height: 9, channels: 3, background: {r: level, g: level, b: level}}})
				.png({compressionLevel: 0})
				.toBuffer(),
		),
	);
	t.is(a?.length, b?.length);
	writeFileSync(file, a ?? '');
	writeFileSync(other, b ?? '');
	utimesSync(file, 1, 1);
	const pixel = async (): Promise<number | undefined> =>
		(await open(imageFolder(folder, {size: 8, channels: 1}))).testImage(0)[0];
	t.is(await pixel(), 10);
	writeFileSync(file, b ?? '');
	utimesSync(file, 1, 1);
	t.is(await pixel(), 200);
});

test('once the files of a source have changed, its old entry is removed, unless it is used', async t => {
	const script = (folder: string, wait: boolean): string => `
		const {imageFolder} = await import(${JSON.stringify(path.join(root, 'dist', 'ts', 'index.js'))});
		const {idx} = await imageFolder(${JSON.stringify(folder)}, {size: 8}).open('.', {skipDamaged: true});
		process.stdout.write(idx.folder.split(/[\\/]/).at(-1));
		if (${wait}) process.stdin.resume();`;
	const inProcess = (folder: string, wait = false) =>
		execa(process.execPath, ['--input-type=module', '--eval', script(folder, wait)], {timeout: 240_000});
	const folder = await pictures(t);
	const edit = async (level: number) =>
		sharp({create: {width: 9, height: 9, channels: 3, background: {r: level, g: 1, b: 1}}}).toFile(
			path.join(folder, 'test/a/1.png'),
		);
	const {stdout: first} = await inProcess(folder);
	await edit(100);
	const using = inProcess(folder, true);
	const [chunk] = await once(using.stdout, 'data');
	const second = String(chunk);
	t.deepEqual([first === second, isCached(first), isCached(second)], [false, false, true]);

	await edit(110);
	const {stdout: third} = await inProcess(folder);
	t.deepEqual([isCached(second), isCached(third)], [true, true], 'a process has it open');
	using.stdin.end();
	await using;
	t.is((await inProcess(folder)).stdout, third);
	t.deepEqual([isCached(second), isCached(third)], [false, true]);

	const copy = temporaryFolder(t);
	cpSync(folder, copy, {recursive: true});
	t.is((await inProcess(copy)).stdout, third);
	await edit(120);
	await inProcess(folder);
	t.true(isCached(third), 'the copy has it');
});

/** 600 images of three batches; one in the first batch and one in the last are damaged. */
const many = async (t: ExecutionContext): Promise<string> => {
	const folder = temporaryFolder(t);
	for (const set of ['train/a', 'train/b', 'valid/a', 'test/b']) {
		mkdirSync(path.join(folder, set), {recursive: true});
		for (let index = 0; index < 150; index += 1) {
			const pixels = Uint8Array.from({length: 64}, (_, pixel) => (index * 5 + pixel * set.length) % 256);
			const image = await sharp(pixels, {raw: {width: 8, height: 8, channels: 1}})
				.png()
				.toBuffer();
			writeFileSync(path.join(folder, set, `${index}.png`), index === 7 && set !== 'valid/a' ? 'no image' : image);
		}
	}

	return folder;
};

const interruptions: Readonly<Record<string, (folder: string, cache: string) => Promise<void>>> = {
	async 'the signal'(folder, cache) {
		const stop = new AbortController();
		const data = imageFolder(folder, {size: 4, channels: 1}).open('.', {skipDamaged: true, signal: stop.signal});
		let isOpen = true;
		const ended = data
			.catch(() => {})
			.then(() => {
				isOpen = false;
			});
		const look = (): void => {
			const partial = readdirSync(path.join(cache, 'data'), {recursive: true}).some(name =>
				String(name).endsWith('progress.json'),
			);
			if (partial) {
				stop.abort();
			} else if (isOpen) {
				setImmediate(look);
			}
		};
		look();
		await ended;
	},
	async SIGKILL(folder, cache) {
		const script = `
			import {readdirSync, existsSync} from 'node:fs';
			const {imageFolder} = await import(${JSON.stringify(path.join(root, 'dist', 'ts', 'index.js'))});
			const data = ${JSON.stringify(path.join(cache, 'data'))};
			const look = () => {
				if (existsSync(data) && readdirSync(data, {recursive: true}).some(name => name.endsWith('progress.json'))) {
					process.kill(process.pid, 'SIGKILL');
				}
				setImmediate(look);
			};
			look();
			await imageFolder(${JSON.stringify(folder)}, {size: 4, channels: 1}).open('.', {skipDamaged: true});`;
		const {signal} = await execa(process.execPath, ['--input-type=module', '--eval', script], {reject: false});
		if (signal !== 'SIGKILL') {
			throw new Error(`it ended by ${signal}`);
		}
	},
};

for (const [how, interrupt] of Object.entries(interruptions)) {
	test.serial(`decoding that ${how} interrupted goes on where it was, with the same images`, async t => {
		const folder = await many(t);
		const source = imageFolder(folder, {size: 4, channels: 1});
		const expected = await open(source);
		rmSync(expected.idx.folder, {recursive: true});
		await interrupt(folder, cache);
		const partial = `${expected.idx.folder}.partial`;
		t.false(existsSync(expected.idx.folder));
		t.true(existsSync(partial));
		const resumed = await open(source);
		t.is(resumed.told[0], 'Resuming: 256 of 600 images were decoded before');
		t.deepEqual(resumed.told.slice(1), expected.told);
		t.deepEqual([resumed.hash, resumed.idx], [expected.hash, expected.idx]);
		t.deepEqual([resumed.train, resumed.validation, resumed.test], [298, 150, 149]);
		t.deepEqual(readdirSync(resumed.idx.folder).toSorted(), [
			...['manifest.json', 'names.json', 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'],
			...['train-images-idx3-ubyte', 'train-labels-idx1-ubyte'],
		]);
		t.false(existsSync(partial));
	});
}

test.serial('an interrupted decoding whose files are damaged begins again', async t => {
	const folder = await many(t);
	const source = imageFolder(folder, {size: 4, channels: 1});
	const expected = await open(source);
	for (const damage of [
		(partial: string) => truncateSync(path.join(partial, 'train-images-idx3-ubyte'), 100),
		(partial: string) => rmSync(path.join(partial, 'train-images-idx3-ubyte')),
		(partial: string) => truncateSync(path.join(partial, 'progress.json'), 10),
	]) {
		rmSync(expected.idx.folder, {recursive: true});
		await interruptions['the signal']?.(folder, cache);
		damage(`${expected.idx.folder}.partial`);
		const again = await open(source);
		t.deepEqual([again.hash, again.told], [expected.hash, expected.told]);
	}
});
