import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	truncateSync,
	writeFileSync,
} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {execa} from 'execa';
import sharp from 'sharp';
import {arrays, type DataSource, imageFolder} from '../../ts/index.js';
import {root} from '../helpers/cli.js';
import {type Ending, temporaryFolder} from '../helpers/folder.js';
import {endedProcess, holderHere, leaveLock, setHeartbeat} from '../helpers/lock.js';

const cache = temporaryFolder({teardown: remove => process.on('exit', () => void remove())});
process.env['STEPLADDER_CACHE'] = cache;

/** Six images in two classes; the seventh is damaged. */
const pictures = async (t: Ending): Promise<string> => {
	const folder = temporaryFolder(t);
	for (const [index, name] of ['train/a/1', 'train/a/2', 'train/b/1', 'train/b/2', 'test/a/1', 'test/b/1'].entries()) {
		const file = path.join(folder, `${name}.png`);
		mkdirSync(path.dirname(file), {recursive: true});
		await sharp({create: {width: 9, height: 7, channels: 3, background: {r: 40 * index, g: 99, b: 7}}}).toFile(file);
	}

	writeFileSync(path.join(folder, 'train/b/3.png'), 'no image');
	return folder;
};

const open = async (source: DataSource) => {
	const told: string[] = [];
	const tell = (line: string): void => {
		if (!line.startsWith('Decoded')) {
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
