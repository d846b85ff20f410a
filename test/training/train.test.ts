import {existsSync, readdirSync, readFileSync, renameSync} from 'node:fs';
import path from 'node:path';
import {setImmediate} from 'node:timers/promises';
import test from 'ava';
import {
	AbortError,
	BudgetError,
	ConfigError,
	DataError,
	DeviceError,
	DivergedError,
	defineStep,
	type Experiment,
	idx,
	type Sgd,
	ShapeError,
	type StepladderError,
	summarize,
	type TrainEvent,
	type TrainOptions,
	train,
	WriteError,
} from '../../ts/index.js';
import {temporaryFolder} from '../helpers/folder.js';
import {writeIdx} from '../helpers/idx.js';
import {ladder} from '../helpers/mnist.js';

const step = ladder.step('fc-layer');
const {data} = ladder;
const small: TrainOptions = {data, epochs: 2, limitTrain: 256, limitTest: 100, threads: 1};

test('changing an event changes neither result nor log', async t => {
	const out = temporaryFolder(t);
	const training = train(step, {...small, out});
	const accuracies: number[] = [];
	let folder = '';
	for await (const event of training) {
		if (event.type === 'start') {
			folder = event.folder ?? '';
		} else if (event.type === 'epoch') {
			accuracies.push(event.testCorrect / event.testTotal);
			Object.assign(event, {testCorrect: 0, testTotal: 1});
		}
	}

	const {seeds} = await training.result;
	t.deepEqual(seeds[0]?.lastEpochs, accuracies);
	const rows = readFileSync(path.join(folder, 'events.jsonl'), 'utf8').trimEnd().split('\n');
	t.deepEqual(
		rows.map(row => JSON.parse(row)).map(({testCorrect, testTotal}) => testCorrect / testTotal),
		accuracies,
	);
});

test('changing the list of seeds after the call has no effect', async t => {
	const seeds: number[] = [3];
	const training = train(step, {...small, epochs: 1, seeds});
	seeds[0] = 7;
	const {seeds: trained} = await training.result;
	t.deepEqual(
		trained.map(({seed}) => seed),
		[3],
	);
});

test('`abort` ends a training whose data never open', async t => {
	const never = {open: async () => new Promise<never>(() => {})};
	const training = train(step, {...small, data: never});
	training.abort();
	await t.throwsAsync(training.result, {instanceOf: AbortError});
	const later = train(step, {...small, data: never});
	await setImmediate();
	later.abort();
	await t.throwsAsync(later.result, {instanceOf: AbortError});
});

test('batches, epochs and seeds are emitted, and summed up in the result', async t => {
	const training = train(step, {...small, seeds: [3, 7], jobs: 1});
	const events: TrainEvent[] = [];
	for await (const event of training) {
		events.push(event);
	}

	const result = await training.result;
	const epochs = events.filter(event => event.type === 'epoch');
	t.deepEqual(
		epochs.map(({seed, epoch, epochs, trainTotal, testTotal}) => ({seed, epoch, epochs, trainTotal, testTotal})),
		[
			[3, 1],
			[3, 2],
			[7, 1],
			[7, 2],
		].map(([seed, epoch]) => ({seed, epoch, epochs: 2, trainTotal: 256, testTotal: 100}) as never),
	);
	t.true(events.some(event => event.type === 'batch'));
	t.deepEqual(
		result.seeds.map(({seed, lastEpochs}) => ({seed, lastEpochs})),
		[3, 7].map(seed => ({
			seed,
			lastEpochs: epochs.filter(event => event.seed === seed).map(event => event.testCorrect / event.testTotal),
		})),
	);
	t.deepEqual(result.held, {count: 0, of: 2}); // heldFor is 3, and there are two epochs
	t.is(result.parameters, 6720);
	const {why: _, ...goal} = step.target;
	t.deepEqual(result.target, goal);
});

test('a caller who only awaits the result gets it', async t => {
	const result = await train(step, small).result;
	t.is(result.seeds.length, 1);
});

test('a training continues when its reader leaves early', async t => {
	const training = train(step, small);
	for await (const _ of training) {
		break;
	}

	const result = await training.result;
	t.is(result.seeds[0]?.lastEpochs.length, 2);
	t.deepEqual(await training.next(), {value: undefined, done: true});
});

test.serial('of unread batch events the last is kept, of epoch events all', async t => {
	const training = train(step, {...small, epochs: 3});
	await training.result;
	const kinds: string[] = [];
	for await (const {type} of training) {
		kinds.push(type);
	}

	t.deepEqual(kinds, ['start', 'batch', 'epoch', 'batch', 'epoch', 'batch', 'epoch', 'seed']);
});

test('seeds trained at once give the same results as one by one, in the given order', async t => {
	const seeds = [4, 2, 9];
	const together = await train(step, {...small, seeds, jobs: 2, threads: 2}).result;
	const alone = await train(step, {...small, seeds, jobs: 1, threads: 1}).result;
	t.deepEqual(together.seeds, alone.seeds);
	t.deepEqual(
		together.seeds.map(({seed}) => seed),
		seeds,
	);
	t.is(together.engine, 'fused');
});

test('several calls of `next` are answered in order', async t => {
	const training = train(step, small);
	const events = await Promise.all(Array.from({length: 20}, async () => training.next()));
	t.is(events[0]?.value?.type, 'start');
	t.deepEqual(events.at(-1), {value: undefined, done: true});
	const kinds = events.flatMap(({value}) => (value ? [value.type] : []));
	t.is(kinds.filter(kind => kind === 'epoch').length, 2);
	t.is(kinds.at(-1), 'seed');
});

test('an error is thrown by one pending `next`, and the others are done', async t => {
	const training = train(step, {...small, threads: 0});
	const events = await Promise.allSettled([training.next(), training.next()]);
	t.deepEqual(
		events.map(({status}) => status),
		['rejected', 'fulfilled'],
	);
});

test('a training has an iterator, a result and `abort`, and no other members', async t => {
	const training = train(step, small);
	t.deepEqual(Object.keys(training).toSorted(), ['abort', 'next', 'result', 'return']);
	training.abort('enough');
	const error = await t.throwsAsync<AbortError>(training.result, {instanceOf: AbortError});
	t.is(error?.cause, 'enough');
});

test('the end of an `await using` block ends the training, and waits for that', async t => {
	const training = train(ladder.step('lr-scheduler'), {data, threads: 1});
	await training.next();
	await training[Symbol.asyncDispose]();
	await t.throwsAsync(training.result, {instanceOf: AbortError});
	const finished = train(step, small);
	await finished.result;
	await finished[Symbol.asyncDispose]();
	t.is((await finished.result).seeds.length, 1);
});

test('invalid options are refused through the promise', async t => {
	for (const options of [null, undefined, 7]) {
		const training = train(step, options as never);
		await t.throwsAsync(training.result, {instanceOf: ConfigError, message: /`options` should be an object/});
	}
});

test('an invalid step is refused through the promise, such as a name', async t => {
	for (const wrong of ['fc-layer', null, {}]) {
		await t.throwsAsync(train(wrong as never, small).result, {
			instanceOf: ConfigError,
			message: /`step` should be a step, such as `ladder\.step\(NAME\)`, got /,
		});
	}
});

test('an experiment of the wrong type is refused with its field, and leaves no folder', async t => {
	const out = temporaryFolder(t);
	const {optimizer: _, ...experiment} = step.experiment;
	await t.throwsAsync(train({...step, experiment: experiment as never}, {...small, out}).result, {
		instanceOf: ConfigError,
		message: /`optimizer` should be/,
	});
	t.deepEqual(readdirSync(out), []);
	t.throws(() => summarize({...step.experiment.net, body: 3 as never}), {instanceOf: ConfigError, message: /`body`/});
});

test('a step is frozen', t => {
	const {experiment} = step as {experiment: Experiment};
	t.throws(() => (experiment.net.block.dropout = 0.5), {instanceOf: TypeError});
	t.throws(() => experiment.net.body.push({kind: 'flatten'}), {instanceOf: TypeError});
	t.throws(() => ((step.target as {heldFor: number}).heldFor = 1), {instanceOf: TypeError});
	t.throws(() => (ladder.steps as unknown[]).pop(), {instanceOf: TypeError});
	t.throws(() => ((ladder.entries[0] as {position: number}).position = 7), {instanceOf: TypeError});
});

test('a seed that fails ends the others', async t => {
	const training = train(step, {...small, epochs: 15, seeds: [1, 2, 3], jobs: 3, out: temporaryFolder(t)});
	const finished: number[] = [];
	await t.throwsAsync(async () => {
		for await (const event of training) {
			if (event.type === 'start' && event.seed === 2) {
				renameSync(event.folder ?? '', `${event.folder}-elsewhere`);
			} else if (event.type === 'seed') {
				finished.push(event.seed);
			}
		}
	});
	t.false(finished.includes(2));
	await t.throwsAsync(training.result, {message: /was removed|could not write/});
});

test.serial('the event loop is free during a run', async t => {
	const training = train(step, {...small, limitTrain: 2000});
	let turns = 0;
	let over = false;
	void training.result.then(() => {
		over = true;
	});
	while (!over) {
		await setImmediate();
		turns += 1;
	}

	t.true(turns > 100, `${turns} turns`);
});

test.serial('an abort ends the run, and iterator and promise reject', async t => {
	const controller = new AbortController();
	const training = train(ladder.step('lr-scheduler'), {data, signal: controller.signal, threads: 1});
	let abortedAt = 0;
	const error = await t.throwsAsync<AbortError>(
		async () => {
			for await (const event of training) {
				if (event.type === 'batch' && abortedAt === 0) {
					abortedAt = performance.now();
					controller.abort('enough');
				}
			}
		},
		{instanceOf: AbortError, code: 'cancelled'},
	);
	t.true(performance.now() - abortedAt < 10_000); // of a run of minutes
	t.is(error?.cause, 'enough');
	await t.throwsAsync(training.result, {instanceOf: AbortError});
});

test('an aborted signal starts no run', async t => {
	await t.throwsAsync(train(step, {data, signal: AbortSignal.abort()}).result, {instanceOf: AbortError});
});

test('the same seed gives the same figures in two concurrent runs', async t => {
	const rows = async () => {
		const epochs: unknown[] = [];
		for await (const event of train(step, small)) {
			if (event.type === 'epoch') {
				epochs.push({...event, seconds: 0});
			}
		}

		return epochs;
	};

	const [first, second] = await Promise.all([rows(), rows()]);
	t.deepEqual(first, second);
});

test('a run folder has configuration, epochs, model and result', async t => {
	const out = temporaryFolder(t);
	await train(step, {...small, out}).result;
	const [name = ''] = readdirSync(path.join(out, 'fc-layer'));
	t.regex(name, /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-s1$/);
	const folder = path.join(out, 'fc-layer', name);
	t.deepEqual(readdirSync(folder).toSorted(), [
		...['config.json', 'events.jsonl', 'metrics.csv', 'model.safetensors', 'predictions.json', 'result.json'],
	]);
	const read = (file: string): string => readFileSync(path.join(folder, file), 'utf8');
	const config = JSON.parse(read('config.json'));
	t.deepEqual(config.experiment, {...step.experiment, epochs: 2});
	t.false('libtorch' in config.versions); // `fused` does not use it
	t.is(read('events.jsonl').trim().split('\n').length, 2);
	t.regex(read('metrics.csv'), /^epoch,learningRate,trainLoss.*\n1,0\.01,/);
	const result = JSON.parse(read('result.json'));
	t.is(result.trainCleanTotal, 256);
	t.is(result.lastEpochs.length, 2);
});

test('a run that can’t begin leaves no folder', async t => {
	const out = temporaryFolder(t);
	await t.throwsAsync(train(step, {...small, out, data: idx('/nowhere')}).result, {instanceOf: DataError});
	t.deepEqual(readdirSync(out), []);
});

const refuses = test.macro(
	async (t, options: object, instanceOf: new (...args: never[]) => StepladderError, message: RegExp) => {
		await t.throwsAsync(train(step, {...small, ...options} as TrainOptions).result, {
			instanceOf: instanceOf as never,
			message,
		});
	},
);

for (const setting of ['epochs', 'threads', 'jobs', 'limitTrain', 'limitTest', 'seeds']) {
	for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -1, 1.5, 2 ** 32 + 1, '3']) {
		const given = setting === 'seeds' ? [value] : value;
		const instanceOf = setting === 'epochs' && Number(value) > 15 ? BudgetError : ConfigError;
		test(
			`\`${setting}\` of ${typeof value === 'string' ? 'a string' : value} is refused`,
			refuses,
			{[setting]: given},
			instanceOf as never,
			setting === 'seeds' ? /`seeds?` should be/ : /should be (a whole number|.*whole number)|its target allows 15/,
		);
	}
}

test('no seeds at all are refused', refuses, {seeds: []}, ConfigError as never, /at least one/);
test(
	'an option that does not exist is refused',
	refuses,
	{epoch: 3},
	ConfigError as never,
	/unknown name `epoch` \(did you mean `epochs`\?\)/,
);
test(
	'an unknown device is refused',
	refuses,
	{device: 'tpu'},
	ConfigError as never,
	/`auto`, `cpu`, `cuda`, got "tpu"/,
);
test('an unknown engine is refused', refuses, {engine: 'magic'}, ConfigError as never, /`engine`/);
test('CUDA without CUDA is refused', refuses, {device: 'cuda'}, DeviceError as never, /no CUDA device/);
test('a folder that can not be written is refused', refuses, {out: '/proc/nowhere'}, WriteError as never, /--out/);
test(
	'a folder without data is refused by name',
	refuses,
	{data: idx('/nowhere')},
	DataError as never,
	/^\/nowhere: expected a folder of IDX files; it does not exist$/,
);

const changed = (change: (experiment: Experiment) => void, maxParameters = 10_000_000) => {
	const experiment = structuredClone(ladder.step('base-skeleton').experiment) as Experiment;
	change(experiment);
	const target = {why: 'To see it refused.', testAccuracy: 0.5, heldFor: 1, maxParameters, maxEpochs: 15};
	return defineStep({name: 'changed', experiment, target});
};

const numberSettings: Array<[string, (experiment: Experiment, value: number) => void]> = [
	['batchSize', (experiment, value) => (experiment.batchSize = value)],
	['labelSmoothing', (experiment, value) => (experiment.labelSmoothing = value)],
	['optimizer.momentum', (experiment, value) => ((experiment.optimizer as Sgd).momentum = value)],
	['optimizer.weightDecay', (experiment, value) => (experiment.optimizer.weightDecay = value)],
	['schedule.learningRate', (experiment, value) => (experiment.schedule = {kind: 'constant', learningRate: value})],
	['net.block.dropout', (experiment, value) => (experiment.net.block.dropout = value)],
	['net.classes', (experiment, value) => (experiment.net.classes = value)],
	['net.body.0.kernel', (experiment, value) => ((experiment.net.body[0] as {kernel: number}).kernel = value)],
	['averaging.decay', (experiment, value) => (experiment.averaging = {decay: value})],
];

for (const [setting, change] of numberSettings) {
	test(`\`${setting}\` is refused outside its range`, async t => {
		for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -1, 2 ** 32 + 1]) {
			const bad = changed(experiment => change(experiment, value));
			await t.throwsAsync(train(bad, small).result, {
				instanceOf: ConfigError,
				message: new RegExp(`^\`${setting.replaceAll('.', '\\.')}\` should be .*, got ${value}$`),
			});
		}

		t.throws(() => changed(experiment => change(experiment, '1' as never)), {instanceOf: ConfigError});
	});
}

test('a net whose shapes do not fit is refused with the layer and both shapes', async t => {
	const bad = changed(experiment => (experiment.net.head[0] = {kind: 'average-pool', kernel: 9}));
	await t.throwsAsync(train(bad, small).result, {
		instanceOf: ShapeError,
		message: /`head\.0`.*9 x 9.*got 20 x 6 x 6/,
	});
});

test('a step over its own budget of parameters is refused before it trains', async t => {
	const bad = changed(() => {}, 13_159);
	const error = await t.throwsAsync<BudgetError>(train(bad, small).result, {instanceOf: BudgetError});
	t.deepEqual([error?.allowed, error?.needed], [13_159, 13_160]);
});

test('a learning rate that is far too high ends as diverged', async t => {
	const bad = changed(experiment => (experiment.schedule = {kind: 'constant', learningRate: 1e6}));
	await t.throwsAsync(train(bad, small).result, {instanceOf: DivergedError, code: 'diverged'});
});

test('any four IDX files can be trained on', async t => {
	const dataDir = temporaryFolder(t);
	writeIdx(dataDir, 64, 20);
	const {limitTrain: _, limitTest: __, ...options} = small;
	const result = await train(step, {...options, data: idx(dataDir)}).result;
	t.is(result.seeds[0]?.lastEpochs.length, 2);
	t.false(existsSync(path.join(dataDir, 'runs')));
});
