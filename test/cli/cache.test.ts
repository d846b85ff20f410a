import {existsSync, mkdirSync, readdirSync, rmSync, utimesSync} from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import sharp from 'sharp';
import type {OwnLadder} from '../helpers/own-ladder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

/** A ladder with a folder of images whose levels no other folder has. */
const photoLadder = async (t: ExecutionContext): Promise<OwnLadder> => {
	const own = tinyLadder(t);
	own.write(
		'ladder.ts',
		`import {defineLadder, imageFolder} from 'stepladder';
export default defineLadder({name: 'Photos', data: imageFolder(process.env.IMAGES ?? 'images', {size: 28, channels: 1})});
`,
	);
	await paintFolder(own, 'images', 0);
	return own;
};

const paintFolder = async (own: OwnLadder, folder: string, level: number): Promise<void> => {
	for (const [index, file] of ['train/a/1', 'train/a/2', 'train/b/1', 'train/b/2', 'test/a/1', 'test/b/1'].entries()) {
		const place = path.join(own.folder, folder, `${file}.png`);
		mkdirSync(path.dirname(place), {recursive: true});
		const background = {r: level + index, g: level + index, b: level + index};
		await sharp({create: {width: 28, height: 28, channels: 3, background}}).toFile(place);
	}
};

const listed = async (
	own: OwnLadder,
): Promise<Array<{path: string; sources: string[]; runs: string[]; bytes: number}>> =>
	JSON.parse((await own.run(['cache', '--json'])).stdout).entries;

test('the cache is listed with sizes and folders, and cleaned of images that are old or whose folder is gone', async t => {
	const own = await photoLadder(t);
	const empty = await own.run(['cache']);
	t.deepEqual([empty.stdout, empty.exitCode], ['The cache in .cache is empty', 0]);
	for (const [index, folder] of ['images', 'gone', 'old'].entries()) {
		await paintFolder(own, folder, 40 * index);
		const {stdout} = await own.run(['doctor'], {env: {IMAGES: folder}});
		t.regex(stdout, /^✓ Data: /m);
	}

	const {stdout} = await own.run(['cache']);
	t.regex(
		stdout,
		/^What +Size +Last used \(UTC\) +Needed by\n-+\n(?:(?:images|gone|old) +5\.\d kB +\d{4}-\d\d-\d\d \d\d:\d\d +-\n){3}\d+ kB in \.cache$/,
	);
	const before = await listed(own);
	const data = path.join(own.folder, '.cache/data');
	const inFolder = before.reduce((sum, {bytes}) => sum + bytes, 0);
	t.is(before.length, 3);
	t.regex(
		(await own.run(['doctor'])).stdout,
		new RegExp(`^✓ Cache: images ${Math.round(inFolder / 1000)} kB, in `, 'm'),
	);

	rmSync(path.join(own.folder, 'gone'), {recursive: true});
	const old = before.find(({sources}) => sources[0]?.endsWith('old'))?.path ?? '';
	const uses = path.join(own.folder, '.cache/uses');
	for (const file of [
		old,
		...readdirSync(uses)
			.filter(name => name.startsWith(path.basename(old)))
			.map(name => path.join(uses, name)),
	]) {
		utimesSync(file, 1, 1);
	}

	for (const users of ['data/notes.txt', 'data/images-mine/a.png', 'mine/b.png']) {
		own.write(`.cache/${users}`, 'not ours');
	}

	const cleaned = JSON.parse((await own.run(['cache', 'clean', '--json'])).stdout);
	t.deepEqual(cleaned.removed.map(({sources}: {sources: string[]}) => path.basename(sources[0] ?? '')).toSorted(), [
		'gone',
		'old',
	]);
	t.deepEqual(
		(await listed(own)).map(({sources}) => sources),
		[[path.join(own.folder, 'images')]],
	);
	const all = await own.run(['cache', 'clean', '--all']);
	t.regex(all.stdout, /^Removed 1 entry, 5\.\d kB$/);
	t.deepEqual(readdirSync(data).toSorted(), ['images-mine', 'notes.txt']);
	t.true(existsSync(path.join(own.folder, '.cache/mine/b.png')));
	const wrong = await own.run(['cache', 'clean', '--older-than', 'soon']);
	t.is(wrong.exitCode, 2);
	const negative = await own.run(['cache', 'clean', '--older-than', '-1']);
	t.deepEqual(
		[negative.stderr, negative.exitCode],
		['stepladder: `olderThan` should be a number of days, at least 0, got -1', 2],
	);
});

test('images that an unfinished run or a running command needs are kept, and removed once it has finished', async t => {
	const own = await photoLadder(t);
	const trained = await own.run(['train', '--step', 'tiny', '--epochs', '2']);
	t.is(trained.exitCode, 0, trained.stderr);
	const result = own.read('runs/latest/result.json');
	rmSync(path.join(own.folder, 'runs/latest/result.json')); // as if interrupted
	const again = await own.run(['train', '--resume', 'latest']);
	t.is(again.exitCode, 0, again.stderr);
	rmSync(path.join(own.folder, 'runs/latest/result.json'));
	const [entry] = await listed(own);
	t.deepEqual(
		entry?.runs.map(run => path.relative(own.folder, run).split(path.sep).slice(0, 2)),
		[['runs', 'tiny']],
	);
	const kept = await own.run(['cache', 'clean', '--all']);
	t.regex(kept.stdout, /^Kept: images, needed by runs\/tiny\/\S+-s1\nRemoved 0 entries, 0 bytes$/);
	t.true(existsSync(entry?.path ?? ''));

	own.write('runs/latest/result.json', result);
	const several = await Promise.all([1, 2, 3].map(async () => own.run(['cache', 'clean', '--all', '--json'])));
	t.deepEqual(
		several.map(({exitCode}) => exitCode),
		[0, 0, 0],
		several.map(({stderr}) => stderr).join(''),
	);
	t.is(several.filter(({stdout}) => JSON.parse(stdout).removed.length === 1).length, 1);
	t.false(existsSync(entry?.path ?? ''));
});

test('a command that reads images while the cache is cleaned ends with them', async t => {
	const own = await photoLadder(t);
	const results = await Promise.all([
		...[1, 2].map(async () => own.run(['train', '--step', 'tiny', '--epochs', '3', '--quiet'])),
		...[1, 2, 3].map(async () => own.run(['cache', 'clean', '--all'])),
	]);
	t.deepEqual(
		results.map(({exitCode}) => exitCode),
		results.map(() => 0),
		results.map(({stderr}) => stderr).join('\n'),
	);
});
