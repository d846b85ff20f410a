import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import sharp from 'sharp';
import type {Ending} from '../helpers/folder.js';
import {writeIdxFiles} from '../helpers/idx.js';
import {OwnLadder} from '../helpers/own-ladder.js';

const size = 6;
const count = 70;

/** Images that differ from each other and from their mirror images. */
const images = Array.from({length: count}, (_, image) =>
	Uint8Array.from({length: size * size}, (_, pixel) => (image * 37 + pixel * 101 + (pixel % size) * image) % 256),
);

/** Makes a ladder whose second step mirrors every image. */
const flippingLadder = (t: Ending): OwnLadder => {
	const ladder = new OwnLadder(t, {
		'ladder.ts': `import {defineLadder, idx} from 'stepladder';
export default defineLadder({name: 'Mirrors', data: idx('data')});
`,
		'steps/0-plain.ts': `import {defineStep} from 'stepladder';
export default defineStep({
	name: 'plain',
	experiment: {
		net: {
			channels: 1, size: ${size}, classes: 2,
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: true, norm: 'none', dropout: 0},
			body: [], head: [{kind: 'linear', features: 2}],
		},
		optimizer: {momentum: 0.9, nesterov: true, weightDecay: 1e-4},
		schedule: {kind: 'constant', learningRate: 0.01},
		labelSmoothing: 0, batchSize: 16, epochs: 1,
	},
	target: {why: 'A start.', testAccuracy: 0.1, heldFor: 1, maxParameters: 200, maxEpochs: 2},
});
`,
		'steps/1-mirrored.ts': `import {defineStep} from 'stepladder';
import plain from './0-plain.ts';
export default defineStep({
	name: 'mirrored',
	from: plain,
	change: {augmentation: [{kind: 'flip', probability: 1}]},
	target: {why: 'Mirror images.', testAccuracy: 0.1, heldFor: 1, maxParameters: 200, maxEpochs: 2},
});
`,
		'data/.keep': '',
	});
	const set = {
		images: Uint8Array.from(images.flatMap(image => [...image])),
		labels: Uint8Array.from(images, (_, i) => i % 2),
	};
	writeIdxFiles(path.join(ladder.folder, 'data'), [size, size], {train: set, test: set});
	return ladder;
};

/** The images of a sheet, row by row. */
const tiles = async (file: Buffer): Promise<string[]> => {
	const {data, info} = await sharp(file).toColourspace('b-w').raw().toBuffer({resolveWithObject: true});
	const edge = 8 * (size + 2) + 2;
	if (info.width !== edge || info.height !== edge || info.channels !== 1) {
		throw new Error(`a sheet of ${info.width} x ${info.height} x ${info.channels}`);
	}

	return Array.from({length: 64}, (_, tile) => {
		const first = (2 + Math.floor(tile / 8) * (size + 2)) * edge + 2 + (tile % 8) * (size + 2);
		return Array.from({length: size}, (_, row) => [
			...data.subarray(first + row * edge, first + row * edge + size),
		]).join();
	});
};

test('a sheet shows training images as the first epoch does: here each mirrored, none twice', async t => {
	const ladder = flippingLadder(t);
	const shown = await ladder.run(['train', '--step', 'mirrored', '--show-augmentation', 'sheet.png']);
	t.is(shown.exitCode, 0, shown.stderr);
	t.is(shown.stdout, 'Written: sheet.png, 64 training images as seed 1 shows them in its first epoch');
	t.false(existsSync(path.join(ladder.folder, 'runs')), 'nothing is trained');
	const found = await tiles(readFileSync(path.join(ladder.folder, 'sheet.png')));
	const mirrored = images.map(image =>
		Array.from({length: size}, (_, row) => [...image.subarray(row * size, (row + 1) * size)].reverse()).join(),
	);
	t.is(new Set(found).size, 64);
	t.deepEqual(
		found.filter(tile => !mirrored.includes(tile)),
		[],
	);
});

test('another seed, fewer images and another setting are shown as they are trained', async t => {
	const ladder = flippingLadder(t);
	const show = async (...flags: string[]): Promise<string[]> => {
		const shown = await ladder.run(['train', '--step', 'mirrored', '--show-augmentation', 'sheet.png', ...flags]);
		t.is(shown.exitCode, 0, shown.stderr);
		return tiles(readFileSync(path.join(ladder.folder, 'sheet.png')));
	};
	t.notDeepEqual(await show(), await show('--seeds', '2'));
	t.is(new Set(await show('--limit-train', '10')).size, 10, 'ten images, again in the next epochs');
	const noisy = await show('--set', 'augmentation=[{"kind":"noise","sigma":0.2}]');
	t.is(new Set(noisy).size, 64);
});

test('the report shows the same sheet of a step that changed augmentation, and no other', async t => {
	const ladder = flippingLadder(t);
	for (const step of ['plain', 'mirrored']) {
		const recorded = await ladder.run(['record', '--step', step, '--seeds', '3']);
		t.is(recorded.exitCode, 0, recorded.stderr);
	}

	const shown = await ladder.run(['train', '--step', 'mirrored', '--seeds', '3', '--show-augmentation', 'sheet.png']);
	t.is(shown.exitCode, 0, shown.stderr);
	const reported = await ladder.run(['report']);
	t.is(reported.exitCode, 0, reported.stderr);
	const page = ladder.read('report/report.html');
	const sheets = [...page.matchAll(/<img class="sheet"[^>]* src="data:image\/png;base64,([^"]+)">/g)];
	t.deepEqual(
		sheets.map(([, png]) => png),
		[readFileSync(path.join(ladder.folder, 'sheet.png')).toString('base64')],
	);
	t.regex(page, /Training images as the first epoch of seed 3 shows them to the net/);
	t.regex(page, /<strong>augmentation, flip<\/strong> none -> probability 1/);
	t.regex((await ladder.run(['ladder'])).stdout, /^mirrored .* flip /m);
});

test('a step without augmentation, another ending and a resumed run are refused', async t => {
	const ladder = flippingLadder(t);
	const refused = async (...flags: string[]) => {
		const {exitCode, stderr} = await ladder.run(['train', ...flags]);
		t.is(exitCode, 2);
		return stderr;
	};
	t.is(
		await refused('--step', 'plain', '--show-augmentation', 'sheet.png'),
		'stepladder: step `plain` has no augmentation to show: choose a step that has, or add `--set augmentation=[...]`',
	);
	t.is(
		await refused('--step', 'mirrored', '--show-augmentation', 'sheet.jpg'),
		'stepladder: `showAugmentation` should be a file whose name ends in `.png`, got "sheet.jpg"',
	);
	t.regex(
		await refused('--resume', 'latest', '--show-augmentation', 'sheet.png'),
		/^stepladder: `--show-augmentation` can’t be changed by resuming/,
	);
	t.false(existsSync(path.join(ladder.folder, 'sheet.png')));
});
