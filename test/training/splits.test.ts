import {createHash} from 'node:crypto';
import {existsSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {
	arrays,
	ConfigError,
	compareRuns,
	type Data,
	type DataSource,
	defineStep,
	type EpochEvent,
	openLadder,
	RecordError,
	resume,
	type StartEvent,
	type Step,
	sweep,
	type TrainOptions,
	train,
} from '../../ts/index.js';
import type {Training} from '../../ts/training/training.js';
import {temporaryFolder} from '../helpers/folder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const cache = temporaryFolder({teardown: remove => process.on('exit', () => void remove())});
process.env['STEPLADDER_CACHE'] = cache;

type Set = {readonly images: Uint8Array; readonly labels: number[]};

/** Noisy images of 8 x 8 pixels, sorted by class: so many of each. A class is brighter than the one before it. */
const sorted = (counts: readonly number[], seed: number): Set => {
	const labels = counts.flatMap((count, label) => Array.from({length: count}, () => label));
	const pixel = (index: number): number => 40 + 70 * (labels[index >> 6] ?? 0) + (((index + 1) * seed) % 97);
	return {labels, images: Uint8Array.from({length: 64 * labels.length}, (_, index) => pixel(index))};
};

/** The same images in another order. */
const shuffled = ({images, labels}: Set): Set => {
	const count = labels.length;
	const order = labels.map((_, index) => (index * 61) % count); // 61 has no divisor with the counts in common
	return {
		labels: order.map(from => labels[from] ?? 0),
		images: Uint8Array.from(order.flatMap(from => [...images.subarray(64 * from, 64 * from + 64)])),
	};
};

const names = ['dark', 'grey', 'light'];

const source = (train: Set, test: Set): DataSource => arrays({size: 8, channels: 1, train, test, classes: names});

const three = {train: sorted([90, 60, 50], 7919), test: sorted([40, 30, 30], 6007)};

const step: Step = defineStep({
	name: 'tiny',
	experiment: {
		net: {
			...{channels: 1, size: 8, classes: 3},
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: true, norm: 'none', dropout: 0},
			body: [{kind: 'max-pool', kernel: 2}],
			head: [{kind: 'conv', channels: 3, kernel: 4, padding: 0, bias: true}, {kind: 'flatten'}],
		},
		optimizer: {momentum: 0.9, nesterov: true, weightDecay: 1e-4},
		schedule: {kind: 'constant', learningRate: 0.01},
		...{labelSmoothing: 0, batchSize: 16, epochs: 1},
	},
	target: {why: 'A first look.', testAccuracy: 0.5, heldFor: 1, maxParameters: 10_000, maxEpochs: 100},
});

/** The start and the last epoch of a training of one seed. */
const watched = async (training: Training): Promise<{start: StartEvent; last: EpochEvent}> => {
	let [start, last]: [StartEvent | undefined, EpochEvent | undefined] = [undefined, undefined];
	for await (const event of training) {
		start = event.type === 'start' ? event : start;
		last = event.type === 'epoch' ? event : last;
	}

	await training.result;
	if (!start || !last) {
		throw new Error('a training starts, and has an epoch');
	}

	return {start, last};
};

const trained = async (data: DataSource, options: Partial<TrainOptions>) =>
	watched(train(step, {data, threads: 1, ...options}));

const inRun = (start: StartEvent, file: string) =>
	JSON.parse(readFileSync(path.join(start.folder ?? '', file), 'utf8'));

const countsOf = (labels: ReadonlyArray<number | undefined>): number[] =>
	names.map((_, label) => labels.filter(each => each === label).length);

test('limits draw test images from each class in proportion, in any order of the files', async t => {
	const out = temporaryFolder(t);
	const drawn = async ({train, test}: typeof three): Promise<string[]> => {
		const {start, last} = await trained(source(train, test), {out, limitTrain: 100, limitTest: 20, holdout: 10});
		t.deepEqual([last.trainTotal, last.holdoutTotal, last.testTotal], [90, 10, 20]);
		t.false('missingClasses' in start);
		t.is(inRun(start, 'config.json').drawSeed, 1);
		const {labels, images} = inRun(start, 'predictions.json');
		t.is(labels.length, 20);
		t.deepEqual(countsOf(images.map((image: number) => test.labels[image])), [8, 6, 6]);
		const image = (index: number) => Buffer.from(test.images.subarray(64 * index, 64 * index + 64)).toString('hex');
		return images.map(image).toSorted();
	};
	const [inOrder, mixed] = [
		await drawn(three),
		await drawn({train: shuffled(three.train), test: shuffled(three.test)}),
	];
	t.deepEqual(inOrder, mixed);
});

test('a class that is missing after a limit is named as the training starts', async t => {
	const {start} = await trained(source(three.train, three.test), {limitTrain: 2, limitTest: 1});
	t.deepEqual(start.missingClasses, {train: ['light'], test: ['grey', 'light']});

	const lone = source(sorted([90, 60, 1], 7919), sorted([40, 0, 30], 6007));
	const {start: whole} = await trained(lone, {holdout: 50});
	t.deepEqual(whole.missingClasses, {holdout: ['light'], test: ['grey']});
});

test('runs without a limit keep no draw, and name no test images', async t => {
	const {start} = await trained(source(three.train, three.test), {out: temporaryFolder(t)});
	t.false('drawSeed' in inRun(start, 'config.json'));
	t.deepEqual(Object.keys(inRun(start, 'predictions.json')), ['labels', 'probabilities', 'expected', 'ranks']);
});

/** Writes the `config.json` of an unfinished run as a version from before there was a draw. */
const removeDraw = (folder: string): void => {
	const file = path.join(folder, 'config.json');
	const {hash: _, drawSeed: __, ...config} = JSON.parse(readFileSync(file, 'utf8'));
	const hash = createHash('sha256').update(JSON.stringify(config)).digest('hex');
	writeFileSync(file, `${JSON.stringify({...config, hash}, undefined, '\t')}\n`);
};

/** The folder of a run with limits that has not finished, without a checkpoint. */
const unfinished = async (t: ExecutionContext): Promise<string> => {
	const limits = {limitTrain: 170, holdout: 30, limitTest: 45};
	const {start} = await trained(source(three.train, three.test), {...limits, out: temporaryFolder(t)});
	for (const file of ['result.json', 'predictions.json', 'model.safetensors']) {
		rmSync(path.join(start.folder ?? '', file));
	}

	return start.folder ?? '';
};

test('a run is resumed with the images that were drawn', async t => {
	const {start} = await watched(resume(await unfinished(t)));
	t.false('missingClasses' in start);
	const {images} = inRun(start, 'predictions.json');
	t.deepEqual(countsOf(images.map((image: number) => three.test.labels[image])), [18, 14, 13]); // 45 of 40 : 30 : 30
});

test('an unfinished run from before there was a draw keeps the first images, and holds out the last', async t => {
	const folder = await unfinished(t);
	removeDraw(folder);
	const {start, last} = await watched(resume(folder));
	// Of 170 the last 30 are 20 light ones and 10 grey ones; of the first 45 test images 40 are dark.
	t.deepEqual(start.missingClasses, {train: ['light'], holdout: ['dark'], test: ['light']});
	t.deepEqual([last.trainTotal, last.holdoutTotal, last.testTotal], [140, 30, 45]);
	t.false('images' in inRun(start, 'predictions.json'));

	const {start: drawn} = await watched(resume(await unfinished(t)));
	await t.throwsAsync(compareRuns([folder, drawn.folder ?? '']), {
		instanceOf: RecordError,
		message: /it was evaluated on another draw of test images than `tiny, 140 training images, 45 test images/,
	});
});

test('the command line names missing classes in one line on stderr, for all seeds', async t => {
	const ladder = tinyLadder(t);
	const flags = [
		'train',
		'--step',
		'tiny',
		'--seeds',
		'1,2',
		'--epochs',
		'1',
		'--limit-train',
		'8',
		'--limit-test',
		'4',
	];
	const line =
		/^Missing classes: no training images of `8`, `9`; no test images of `4`, `5`, `6`, `7`, `8` and 1 more\.$/m;
	const {stdout, stderr, exitCode} = await ladder.run(flags);
	t.is(exitCode, 0, stderr);
	t.is(stderr.match(/Missing/g)?.length, 1);
	t.regex(stderr, line);
	t.notRegex(stdout, /Missing/);
	for (const flag of ['--json', '--quiet']) {
		t.regex((await ladder.run([...flags, flag])).stderr, line);
	}
});

/** Makes the last images of a source's training files its validation set. */
const withValidation = (from: DataSource, validation: number): DataSource => ({
	async open(base, options): Promise<Data> {
		const data = await from.open(base, options);
		return {...data, train: data.train - validation, validation};
	},
});

test('a validation set is held out by default, and no limit counts it', async t => {
	const data = withValidation(source(shuffled(three.train), three.test), 40);
	const {start, last} = await trained(data, {out: temporaryFolder(t)});
	t.deepEqual([last.trainTotal, last.holdoutTotal], [160, 40]);
	t.is(inRun(start, 'config.json').data.validation, 40);
	const {last: limited} = await trained(data, {limitTrain: 100});
	t.deepEqual([limited.trainTotal, limited.holdoutTotal], [100, 40]);
	await t.throwsAsync(trained(data, {holdout: 10}), {
		instanceOf: ConfigError,
		message: '`holdout` should be left out, since the data have a validation set of 40 images, got 10',
	});
	const {start: unlike} = await trained(withValidation(source(three.train, three.test), 40), {});
	t.deepEqual(unlike.missingClasses, {holdout: ['dark', 'grey']}); // the images are sorted
});

/** A ladder whose data have a validation set. */
const validated = (t: ExecutionContext, validation = 100) => {
	const ladder = tinyLadder(t);
	ladder.write(
		'ladder.ts',
		`import {defineLadder, idx} from 'stepladder';
const all = idx('data');
const data = {
	async open(base, options) {
		const data = await all.open(base, options);
		return {...data, train: data.train - ${validation}, validation: ${validation}};
	},
};
export default defineLadder({name: 'Bars', data});
`,
	);
	return ladder;
};

test('a sweep is evaluated on the validation set of the data, and its record says so', async t => {
	const ladder = validated(t);
	const flags = [
		'sweep',
		'--step',
		'tiny',
		'--vary',
		'batchSize=64',
		'--seeds',
		'101',
		'--epochs',
		'1',
		'--name',
		'own',
	];
	const {stdout, stderr, exitCode} = await ladder.run(flags);
	t.is(exitCode, 0, stderr);
	t.regex(stdout, /Trained on 300 images, and evaluated on the 100 of the data’s validation set\./);
	const {plan} = JSON.parse(ladder.read('records/sweeps/own/sweep.json'));
	t.deepEqual([plan.data.train, plan.data.validation, plan.holdout, 'drawSeed' in plan], [300, 100, 100, false]);
	t.deepEqual(await ladder.run(flags), {stdout, stderr: '', exitCode: 0});

	const both = await ladder.run([...flags, '--holdout', '10']);
	t.is(both.exitCode, 2);
	t.regex(both.stderr, /`holdout` should be left out, since the data have a validation set of 100 images, got 10/);
});

test('a record states the validation set of its data, and is checked with it', async t => {
	const ladder = validated(t, 9);
	const recorded = await ladder.run(['record', '--step', 'tiny', '--seeds', '1']);
	t.is(recorded.exitCode, 0, recorded.stderr);
	t.deepEqual(JSON.parse(ladder.read('records/0-tiny/promise.json')).data.validation, 9);
	const checked = await ladder.run(['record', '--check', '--replay']);
	t.is(checked.exitCode, 0, checked.stderr);

	t.is((await ladder.run(['report'])).exitCode, 0);
	t.regex(ladder.read('report/report.md'), /391 training, 9 validation and 60 test images of 28 x 28 pixels/);

	const other = validated(t, 50);
	other.write('records/.keep', '');
	for (const file of ['promise.json', 'record.json', 'epochs.csv', 'predictions.jsonl']) {
		other.write(`records/0-tiny/${file}`, ladder.read(`records/0-tiny/${file}`));
	}

	const unlike = await other.run(['record', '--check']);
	t.is(unlike.exitCode, 1);
	t.regex(unlike.stdout, /`data\.validation`|`data\.train`/);
});

test('a sweep whose held-out images lack a class is refused before anything is trained', async t => {
	const ladder = await openLadder(tinyLadder(t).folder);
	const out = temporaryFolder(t);
	const options = {vary: [{path: 'batchSize', values: [64]}], seeds: [101], out};
	const few = await t.throwsAsync(sweep(ladder, 'tiny', {...options, holdout: 8}), {instanceOf: ConfigError});
	t.is(
		few?.message,
		'no trial could be evaluated on `8`, `9`: the 8 held-out images have none of these classes; hold out more images than 8, or add training images of these classes: each class needs two',
	);
	const own = await openLadder(validated(t, 9).folder);
	const lacking = await t.throwsAsync(sweep(own, 'tiny', options), {instanceOf: ConfigError});
	t.regex(
		String(lacking?.message),
		/^no trial could be evaluated on `0`: the 9 held-out images .*; add images of this class to the validation set$/,
	);
	t.false(existsSync(path.join(out, 'records')));
	const missing = await t.throwsAsync(sweep(ladder, 'tiny', options), {instanceOf: ConfigError});
	t.regex(String(missing?.message), /^`holdout` \(`--holdout <n>`\) is missing/);
});
