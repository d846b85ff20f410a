import {cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import sharp from 'sharp';
import {AbortError, ConfigError, DataError, imageFolder, openLadder, resume, train} from '../../ts/index.js';
import {temporaryFolder} from '../helpers/folder.js';
import type {OwnLadder} from '../helpers/own-ladder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const cache = temporaryFolder({teardown: remove => process.on('exit', () => void remove())});
process.env['STEPLADDER_CACHE'] = cache;

/** A ladder of one step on a folder of images of two classes, light and dark. */
const photoLadder = async (t: ExecutionContext): Promise<OwnLadder> => {
	const own = tinyLadder(t);
	own.write(
		'ladder.ts',
		`import {defineLadder, imageFolder} from 'stepladder';
export default defineLadder({name: 'Photos', data: imageFolder('images', {size: 28, channels: 1, group: /^(\\d)x/, split: {test: 0.25}})});
`,
	);
	own.write('steps/0-tiny.ts', own.read('steps/0-tiny.ts').replace('batchSize: 32', 'batchSize: 2'));
	for (const [index, name] of ['dark', 'light'].entries()) {
		mkdirSync(path.join(own.folder, 'images', name), {recursive: true});
		for (let image = 0; image < 60; image += 1) {
			await paint(own, `images/${name}/${image}.png`, 100 * index + image);
		}
	}

	return own;
};

const paint = async (own: OwnLadder, file: string, level: number): Promise<void> => {
	const background = {r: level, g: level, b: level};
	await sharp({create: {width: 28, height: 28, channels: 3, background}}).toFile(path.join(own.folder, file));
};

/** Trains in the ladder's folder, and stops after an epoch. */
const interrupted = async (t: ExecutionContext, own: OwnLadder): Promise<string> => {
	const ladder = await openLadder(own.folder);
	const training = train(ladder.step('tiny'), {data: ladder.data, out: path.join(own.folder, 'runs'), epochs: 40});
	let folder = '';
	await t.throwsAsync(
		async () => {
			for await (const event of training) {
				folder = event.type === 'start' ? (event.folder ?? '') : folder;
				if (event.type === 'epoch') {
					training.abort();
				}
			}
		},
		{instanceOf: AbortError},
	);
	return folder;
};

test.serial('a run resumes to the same bits after the cache was emptied, or its project moved', async t => {
	const own = await photoLadder(t);
	const {data, step} = await openLadder(own.folder);
	const unbroken = await train(step('tiny'), {data, epochs: 40}).result;

	const emptied = await interrupted(t, own);
	rmSync(path.join(cache, 'data'), {recursive: true});
	const again = await resume(emptied).result;
	t.deepEqual({...again, seconds: 0}, {...unbroken, seconds: 0});

	const folder = await interrupted(t, own);
	const copy = temporaryFolder(t);
	cpSync(own.folder, copy, {recursive: true});
	rmSync(path.join(own.folder, 'images'), {recursive: true});
	rmSync(path.join(cache, 'data'), {recursive: true});
	const moved = path.join(copy, path.relative(own.folder, folder));
	const ladder = await openLadder(copy);
	await t.throwsAsync(resume(moved).result, {instanceOf: DataError, message: /images: expected a folder of images/});
	t.deepEqual({...(await resume(moved, {data: ladder.data}).result), seconds: 0}, {...unbroken, seconds: 0});
	t.throws(() => resume(folder, {data: 'images'} as never), {instanceOf: ConfigError, message: /^`data` should be/});
});

test.serial('a run on other images than it began with is refused, and keeps its files', async t => {
	const own = await photoLadder(t);
	const folder = await interrupted(t, own);
	const files = (): string[] => readdirSync(folder).map(name => readFileSync(path.join(folder, name), 'latin1'));
	const before = files();
	rmSync(path.join(cache, 'data'), {recursive: true});
	await paint(own, 'images/dark/1.png', 250);
	const expected = {
		instanceOf: DataError,
		message:
			/can’t be resumed: the images of `images` have changed since it began \(sha256 \w{10}\.\.\. then, \w{10}\.\.\. now\): restore them, or train the step again$/,
	};
	await t.throwsAsync(resume(folder).result, expected);
	const child = await own.run(['train', '--resume', path.relative(own.folder, folder)], {
		env: {STEPLADDER_CACHE: cache},
	});
	t.is(child.exitCode, 5);
	t.regex(child.stderr, /^The images that the run began with are gone or have changed: opening its data again\n/);
	t.regex(child.stderr, expected.message);
	t.deepEqual(files(), before);
});

test.serial('while a run is unfinished, the images that it was trained on stay in the cache', async t => {
	const own = await photoLadder(t);
	const folder = await interrupted(t, own);
	const {data} = JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8'));
	await paint(own, 'images/dark/2.png', 251);
	const other = async () => own.run(['doctor'], {env: {STEPLADDER_CACHE: cache}});
	t.regex((await other()).stdout, /^✓ Data: images, 90 training and 30 test images/m);
	t.true(existsSync(data.idx.folder));
	await resume(folder).result;
	t.true(existsSync(data.idx.folder), 'this process has it open');
});

test.serial('the command line finds a run’s data by its ladder, and says what has changed in its step', async t => {
	const own = tinyLadder(t, {train: 12_000});
	const env = {STEPLADDER_CACHE: cache};
	own.write('steps/0-tiny.ts', own.read('steps/0-tiny.ts').replace('batchSize: 32', 'batchSize: 2'));
	const folder = await interrupted(t, own);
	const copy = temporaryFolder(t);
	cpSync(own.folder, copy, {recursive: true});
	rmSync(path.join(own.folder, 'data'), {recursive: true});
	const cwd = path.relative(own.folder, copy);
	const run = path.relative(own.folder, folder);
	const nowhere = await own.run(['train', '--resume', path.join(copy, run)], {
		cwd: path.relative(own.folder, temporaryFolder(t)),
		env,
	});
	t.is(nowhere.exitCode, 2, nowhere.stderr);

	const longer = await own.run(['train', '--resume', run, '--epochs', '50'], {cwd, env});
	t.is(longer.exitCode, 2);
	t.regex(
		longer.stderr,
		/`--epochs` can’t be changed by resuming: the learning rate of each epoch depends on their number; train the step again with more epochs$/,
	);

	const steps = path.join(copy, 'steps/0-tiny.ts');
	own.write(
		path.relative(own.folder, steps),
		readFileSync(steps, 'utf8').replace('learningRate: 0.01', 'learningRate: 0.02'),
	);
	const resumed = await own.run(['train', '--resume', run], {cwd, env});
	t.is(resumed.exitCode, 0, resumed.stderr);
	t.regex(
		resumed.stderr,
		/^Step `tiny` has changed since this run began \(`schedule\.learningRate` was 0\.01, and is 0\.02\): the run keeps its settings\n/m,
	);
	t.deepEqual(
		JSON.parse(readFileSync(path.join(copy, run, 'config.json'), 'utf8')).experiment.schedule.learningRate,
		0.01,
	);
});

test('a folder of images opened again by a run has the options that it began with', async t => {
	const own = await photoLadder(t);
	const options = {size: 28, channels: 1, split: {test: 0.25}, group: /^(\d)x/i} as const;
	const {origin} = await imageFolder('images', options).open(own.folder, {skipDamaged: true});
	t.deepEqual(JSON.parse(JSON.stringify(origin)), {
		imageFolder: path.join(own.folder, 'images'),
		options: {size: 28, channels: 1, split: {test: 0.25}, group: {pattern: '^(\\d)x', flags: 'i'}},
		skipDamaged: true,
	});
});
