import {createHash} from 'node:crypto';
import {readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {openLadder, RecordError, record} from '../../ts/index.js';
import {checkLadder} from '../../ts/record/check.js';
import {LadderRecords} from '../../ts/record/ladder-records.js';
import {writeTexts} from '../../ts/record/write-texts.js';
import {resealWithLedger} from '../helpers/forger.js';
import {writeIdxFiles} from '../helpers/idx.js';
import {ladder as mnist} from '../helpers/mnist.js';
import type {OwnLadder} from '../helpers/own-ladder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const step = 'steps/0-tiny.ts';
const promise = 'records/0-tiny/promise.json';
const file = 'records/test-images.jsonl';
const size = 28 * 28;

type Image = {readonly pixels: Buffer; readonly label: number};

/** Reads a set of a ladder's images from its IDX files. */
const imagesOf = (own: OwnLadder, set: 'train' | 't10k'): Image[] => {
	const read = (name: string): Buffer => readFileSync(path.join(own.folder, 'data', `${set}-${name}-ubyte`));
	const [pixels, labels] = [read('images-idx3').subarray(16), read('labels-idx1').subarray(8)];
	return [...labels].map((label, index) => ({label, pixels: pixels.subarray(index * size, (index + 1) * size)}));
};

const writeImages = (own: OwnLadder, test: readonly Image[]): void => {
	const set = (images: readonly Image[]) => ({
		images: Buffer.concat(images.map(({pixels}) => pixels)),
		labels: Uint8Array.from(images, ({label}) => label),
	});
	writeIdxFiles(path.join(own.folder, 'data'), [28, 28], {train: set(imagesOf(own, 'train')), test: set(test)});
};

const recordTiny = async (own: OwnLadder, fresh = false): Promise<void> => {
	const out = path.join(own.folder, 'runs');
	const recorder = await record(await openLadder(own.folder), 'tiny', {seeds: [1], out, fresh});
	await recorder.training?.result;
	recorder.write();
};

const check = async (own: OwnLadder): Promise<string> => {
	const ladder = await openLadder(own.folder);
	const data = await ladder.data.open(ladder.folder);
	return checkLadder(new LadderRecords(ladder), data, ladder.entries).join('\n').replaceAll(`${own.folder}/`, '');
};

const textOf = (own: OwnLadder): string => own.read(step).split('*/')[0]?.replaceAll(/\s+/g, ' ') ?? '';

const made = (t: Parameters<typeof tinyLadder>[0]): OwnLadder => tinyLadder(t, {epochs: 2, train: 200});

const replaced = (own: OwnLadder, name: string, pattern: RegExp | string, replacement: string): void => {
	const before = own.read(name);
	const after = before.replace(pattern, replacement);
	if (after === before) {
		throw new Error(`${name} has no ${String(pattern)}`);
	}

	own.write(name, after);
};

test('the first record of a ladder has the hash of each test image, by class', async t => {
	const own = made(t);
	await recordTiny(own);
	const images = imagesOf(own, 't10k');
	const hashes = (label: number): string =>
		images
			.filter(image => image.label === label)
			.map(({pixels}) => createHash('sha256').update(pixels).digest('base64').slice(0, 8))
			.toSorted()
			.join('');
	const [head, ...classes] = own
		.read(file)
		.trimEnd()
		.split('\n')
		.map(line => JSON.parse(line));
	t.deepEqual(head, {format: 1, data: JSON.parse(own.read(promise)).data.hash, images: 60});
	t.deepEqual(
		classes,
		Array.from({length: 10}, (_, label) => ({class: String(label), images: hashes(label)})),
	);
	t.true(textOf(own).includes(' No test image is in the training set. '));
	t.false(textOf(own).includes('first record'));
	t.is(await check(own), '');
});

test('test images that were left out, added or given another class are reported by a later record', async t => {
	const own = made(t);
	await recordTiny(own);
	const images = imagesOf(own, 't10k');
	const before = own.read(file);
	for (const [changed, sentence] of [
		[images.slice(3), 'The 57 test images are not those of the ladder’s first record: 3 are missing.'],
		[
			[...images, ...imagesOf(own, 'train').slice(0, 1)],
			'The 61 test images are not those of the ladder’s first record: 1 was added.',
		],
		[
			images.map((image, index) => (index < 2 ? {...image, label: 9} : image)),
			'The 60 test images are not those of the ladder’s first record: 2 have another class.',
		],
		[images.toReversed(), undefined],
		[images, undefined],
	] as const) {
		writeImages(own, changed);
		t.regex(await check(own), /`data\.hash` was preregistered as|^$/);
		await recordTiny(own, true);
		t.is(await check(own), '');
		t.is(/The \d+ test images are not .*? record: [^.]*\./.exec(textOf(own))?.[0], sentence);
		t.is(own.read(file), before);
	}
});

test('test images in the training set are counted in the record and its text', async t => {
	const own = made(t);
	writeImages(own, [...imagesOf(own, 't10k'), ...imagesOf(own, 'train').slice(0, 2)]);
	await recordTiny(own);
	t.deepEqual(JSON.parse(own.read(promise)).data.findings, {testInTrain: 2});
	t.true(textOf(own).includes(' 2 test images are in the training set, too. '));
	t.is(await check(own), '');

	// A forger who rewrites the ledger, too, can’t take the sentence out.
	replaced(own, promise, /,\n\t\t"findings": \{[^}]*\}/, '');
	resealWithLedger(own.folder);
	writeTexts(await openLadder(own.folder));
	t.regex(await check(own), /promise\.json: `data\.findings` is none, and by the images it is \{"testInTrain":2\}$/m);
});

test('predictions are compared with the classes of the images, also where the data have findings', async t => {
	const own = made(t);
	writeImages(own, [...imagesOf(own, 't10k'), ...imagesOf(own, 'train').slice(0, 1)]);
	await recordTiny(own);
	const answers = 'records/0-tiny/predictions.jsonl';
	const [first, second] = /"labels":"(\d)(\d)/.exec(own.read(answers))?.slice(1) ?? [];
	replaced(own, answers, `"labels":"${first}${second}`, `"labels":"${second}${first}`);
	resealWithLedger(own.folder);
	t.regex(await check(own), /seed 1 is wrong about image 0 by its labels/);
});

test('what a preregistration says of its test images is compared with the images', async t => {
	const own = made(t);
	await recordTiny(own);
	writeImages(own, imagesOf(own, 't10k').slice(5));
	await recordTiny(own, true);
	replaced(own, promise, '"missing": 5', '"missing": 1');
	resealWithLedger(own.folder);
	writeTexts(await openLadder(own.folder));
	t.regex(await check(own), /promise\.json: `testImages` is .*"missing":1.*, and by the images it is .*"missing":5/);
	replaced(own, promise, /\t"testImages": \{[^}]*\},\n/, '');
	resealWithLedger(own.folder);
	writeTexts(await openLadder(own.folder));
	t.regex(await check(own), /promise\.json: `testImages` is none, and by the images it is .*"missing":5/);
});

test('the file of the first test images is checked, and not written again from others', async t => {
	const own = made(t);
	await recordTiny(own);
	const text = own.read(file);
	own.write(file, text.replace('"images":60', '"images":59'));
	t.regex(
		await check(own),
		/^records\/test-images\.jsonl: it is not what was written with the ladder’s first record: restore it$/m,
	);
	rmSync(path.join(own.folder, file));
	t.regex(
		await check(own),
		/^records\/test-images\.jsonl: it is missing, which has the test images of the ladder’s first record: restore it$/m,
	);
	await t.throwsAsync(recordTiny(own, true), {
		instanceOf: RecordError,
		message: /test-images\.jsonl: it is missing, which/,
	});
	writeFileSync(path.join(own.folder, file), text.replaceAll('\n', '\r\n')); // as git may check it out on Windows
	t.is(await check(own), '');
});

test('test images that stood there before the first preregistration are not taken for the first', async t => {
	const [own, other] = [made(t), made(t)];
	writeImages(other, imagesOf(other, 't10k').slice(5));
	await recordTiny(other);
	own.write(file, other.read(file));
	await recordTiny(own);
	t.not(own.read(file), other.read(file));
	t.is(await check(own), '');
	t.notRegex(textOf(own), /test images are not those/);
});

test('none of the 10,000 test images of MNIST is in its training set', async t => {
	const {findings, test, train} = await mnist.data.open(mnist.folder);
	t.deepEqual([findings, test, train], [undefined, 10_000, 60_000]); // as scripts/reference/count_test_in_train.py counts them
});
