import {
	appendFileSync,
	copyFileSync,
	existsSync,
	readdirSync,
	readFileSync,
	rmSync,
	truncateSync,
	writeFileSync,
} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {
	AbortError,
	ConfigError,
	type EpochEvent,
	openLadder,
	resume,
	sweep,
	train,
	WriteError,
} from '../../ts/index.js';
import {eventFiles, type ReadEvent, readEventFile} from '../helpers/event-file.js';
import {temporaryFolder} from '../helpers/folder.js';
import type {OwnLadder} from '../helpers/own-ladder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

process.env['STEPLADDER_CACHE'] = temporaryFolder({teardown: remove => process.on('exit', () => void remove())});

/** The values that TensorBoard should show of an epoch, as float32. */
const scalarsOf = (row: EpochEvent): Record<string, number> => ({
	'train/loss': Math.fround(row.trainLoss),
	'train/accuracy': Math.fround(row.trainCorrect / row.trainTotal),
	'test/loss': Math.fround(row.testLoss),
	'test/accuracy': Math.fround(row.testCorrect / row.testTotal),
	...(row.holdoutLoss !== undefined && {'validation/loss': Math.fround(row.holdoutLoss)}),
	...(row.holdoutCorrect !== undefined && {
		'validation/accuracy': Math.fround(row.holdoutCorrect / (row.holdoutTotal ?? 0)),
	}),
	learning_rate: Math.fround(row.learningRate),
});

const rowsOf = (run: string): EpochEvent[] =>
	readFileSync(path.join(run, 'events.jsonl'), 'utf8')
		.trimEnd()
		.split('\n')
		.map(line => JSON.parse(line));

const epochsIn = (events: readonly ReadEvent[]): ReadEvent[] => events.filter(({scalars}) => 'train/loss' in scalars);

/** Compares the events of a finished run with its folder. */
const isComplete = (t: ExecutionContext, events: readonly ReadEvent[], run: string): void => {
	const rows = rowsOf(run);
	const {begun, experiment, step} = JSON.parse(readFileSync(path.join(run, 'config.json'), 'utf8'));
	const start = Date.parse(begun) / 1000;
	const [first, settings] = events;
	t.deepEqual(first, {time: start, step: 0, version: 'brain.Event:2', scalars: {}});
	t.is(settings?.hparams?.tag, '_hparams_/session_start_info');
	t.is(settings?.hparams?.settings['step'], step);
	t.is(settings?.hparams?.settings['net.head.0.channels'], experiment.net.head[0].channels);
	t.is(settings?.hparams?.settings['optimizer.nesterov'], experiment.optimizer.nesterov);
	t.is(settings?.hparams?.settings['schedule.learningRate'], experiment.schedule.learningRate);
	t.deepEqual(
		epochsIn(events).map(({step}) => step),
		rows.map(({epoch}) => epoch),
	);
	t.deepEqual(
		epochsIn(events).map(({scalars}) => scalars),
		rows.map(scalarsOf),
	);
	const last = events.at(-1);
	t.deepEqual([last?.hparams?.tag, last?.hparams?.status], ['_hparams_/session_end_info', 1]);
	t.is(events.length, rows.length + 3);
};

/** Trains in the ladder's folder, and stops after some epochs. Returns the folder of the run. */
const interrupted = async (t: ExecutionContext, own: OwnLadder, after: number, each = (_: string) => {}) => {
	const {data, step} = await openLadder(own.folder);
	const [out, tensorboard] = ['runs', 'board'].map(name => path.join(own.folder, name)) as [string, string];
	const training = train(step('tiny'), {data, out, tensorboard, epochs: 30});
	let folder = '';
	await t.throwsAsync(
		async () => {
			for await (const event of training) {
				folder = event.type === 'start' ? (event.folder ?? '') : folder;
				if (event.type === 'epoch') {
					each(folder);
					if (event.epoch === after) {
						training.abort();
					}
				}
			}
		},
		{instanceOf: AbortError},
	);
	return folder;
};

test.serial('training writes a file for each seed, with its settings and every epoch', async t => {
	const own = tinyLadder(t);
	const flags = ['train', '--step', 'tiny', '--seeds', '1,2', '--holdout', '50', '--log', 'tensorboard'];
	const {stdout, stderr, exitCode} = await own.run(flags);
	t.is(exitCode, 0, stderr);
	t.regex(stdout, /^TensorBoard: tensorboard --logdir runs\/tensorboard$/m);
	const runs = readdirSync(path.join(own.folder, 'runs/tiny')).toSorted();
	const files = eventFiles(path.join(own.folder, 'runs/tensorboard'));
	t.deepEqual(
		files.map(file => path.relative(path.join(own.folder, 'runs/tensorboard'), path.dirname(file))),
		runs.map(run => path.join('tiny', run)),
	);
	const groups = new Set<string | undefined>();
	for (const [index, file] of files.entries()) {
		const events = readEventFile(file);
		isComplete(t, events, path.join(own.folder, 'runs/tiny', runs[index] ?? ''));
		t.is(events[1]?.hparams?.settings['holdout'], 50);
		groups.add(events[1]?.hparams?.group);
	}

	t.is(groups.size, 1, 'seeds are one group');
	await own.run(['train', '--step', 'tiny', '--set', 'batchSize=16', '--log', 'tensorboard=elsewhere']);
	const [trial = ''] = eventFiles(path.join(own.folder, 'elsewhere'));
	const hparams = readEventFile(trial)[1]?.hparams;
	t.is(hparams?.settings['batchSize'], 16);
	t.regex(hparams?.group ?? '', /^tiny, batchSize 16 \(/);
});

test.serial(
	'a resumed run has every epoch once, though some were written after its checkpoint, and one in part',
	async t => {
		const own = tinyLadder(t);
		const checkpoints: string[] = [];
		const folder = await interrupted(t, own, 6, run => {
			const copy = path.join(own.folder, `checkpoint-${checkpoints.length}`);
			if (existsSync(path.join(run, 'checkpoint.safetensors'))) {
				copyFileSync(path.join(run, 'checkpoint.safetensors'), copy);
				checkpoints.push(copy);
			}
		});
		const [file = ''] = eventFiles(path.join(own.folder, 'board'));
		const before = readFileSync(file);
		t.true(epochsIn(readEventFile(file)).length >= 6);
		copyFileSync(checkpoints[1] ?? '', path.join(folder, 'checkpoint.safetensors'));
		appendFileSync(file, before.subarray(0, 30)); // as if a record had been cut off
		await resume(folder).result;
		const events = readEventFile(file);
		isComplete(t, events, folder);
		t.is(events.length, 33);
		t.deepEqual(readFileSync(file).subarray(0, before.length), before, 'what TensorBoard has read stays');
		t.deepEqual(eventFiles(own.folder), [file]);
	},
);

test.serial('a run that began without events gets all of them when it is resumed with a folder for them', async t => {
	const own = tinyLadder(t);
	const folder = await interrupted(t, own, 3);
	rmSync(path.join(own.folder, 'board'), {recursive: true});
	const {stdout, exitCode} = await own.run(['train', '--resume', folder, '--log', 'tensorboard']);
	t.is(exitCode, 0);
	t.regex(stdout, /^TensorBoard: .*runs.tensorboard$/m);
	const [file = ''] = eventFiles(path.join(own.folder, 'runs/tensorboard'));
	isComplete(t, readEventFile(file), folder);
	t.throws(() => resume(folder, {tensorboard: 3} as never), {
		instanceOf: ConfigError,
		message: /^`tensorboard` should be a path/,
	});
});

test.serial('finished runs are written for TensorBoard to the bytes of their training, once', async t => {
	const own = tinyLadder(t);
	const {data, step} = await openLadder(own.folder);
	const at = (name: string): string => path.join(own.folder, name);
	await train(step('tiny'), {data, out: at('runs'), tensorboard: at('board'), seeds: [1, 2]}).result;
	await interrupted(t, own, 2);
	const live = eventFiles(at('board/tiny')).filter(file => epochsIn(readEventFile(file)).length === 4);
	t.is(live.length, 2);

	const {stdout} = await own.run(['runs', '--tensorboard', 'later']);
	t.regex(stdout, /^Written for TensorBoard: 2 runs, without 1 unfinished\nTensorBoard: tensorboard --logdir later\n/);
	const later = eventFiles(at('later'));
	t.deepEqual(
		later.map(file => [path.relative(at('later'), file), readFileSync(file)]),
		live.map(file => [path.relative(at('board'), file), readFileSync(file)]),
	);

	// a file that lacks some is completed; one that has all stays; JSON is alone on stdout
	truncateSync(later[0] ?? '', 200);
	const again = await own.run(['runs', '--json', '--tensorboard', 'later']);
	t.is(JSON.parse(again.stdout).length, 3);
	t.regex(again.stderr, /^Written for TensorBoard: 2 runs/);
	t.deepEqual(
		later.map(file => readFileSync(file)),
		live.map(file => readFileSync(file)),
	);

	const [run = ''] = readdirSync(at('runs/tiny')).toSorted();
	const alone = await own.run(['runs', `runs/tiny/${run}`, '--tensorboard', 'alone']);
	t.is(alone.exitCode, 0, alone.stderr);
	t.is(path.relative(at('alone'), path.dirname(eventFiles(at('alone'))[0] ?? '')), path.join('tiny', run));

	writeFileSync(at(`runs/tiny/${run}/events.jsonl`), '');
	const damaged = await own.run(['runs', '--tensorboard', 'damaged']);
	t.is(damaged.exitCode, 5);
	t.regex(damaged.stdout, /^Written for TensorBoard: 1 run, without 1 unfinished/);
	t.regex(damaged.stderr, /-s1 is not written: its files have changed since it finished/);
});

test.serial(
	'a folder that has events of another run is refused, as TensorBoard would draw both as one line',
	async t => {
		const own = tinyLadder(t);
		await own.run(['train', '--step', 'tiny', '--quiet']);
		await own.run(['runs', '--tensorboard', 'board']);
		const [file = ''] = eventFiles(path.join(own.folder, 'board'));
		const other = path.join(path.dirname(file), 'events.out.tfevents.1.host');
		writeFileSync(other, '');
		const {exitCode, stderr} = await own.run(['runs', '--tensorboard', 'board']);
		t.is(exitCode, 2);
		t.regex(
			stderr,
			/board.tiny.* has the events of another run, and TensorBoard would show both as one line: choose another folder, or remove/,
		);
		t.true(existsSync(other));
	},
);

test.serial('a folder that can’t be written is an error before the first epoch, and saves no run', async t => {
	const own = tinyLadder(t);
	const {data, step} = await openLadder(own.folder);
	own.write('file', '');
	const [out, tensorboard] = ['runs', 'file'].map(name => path.join(own.folder, name)) as [string, string];
	const {message} = await t.throwsAsync(train(step('tiny'), {data, out, tensorboard}).result, {instanceOf: WriteError});
	t.regex(message, /could not write events for TensorBoard in .*; choose another place with `--log tensorboard=DIR`$/);
	t.deepEqual(readdirSync(path.join(out, 'tiny')), []);
});

test.serial('other logs, and a log of a run that saves nothing, are refused', async t => {
	const own = tinyLadder(t);
	const other = await own.run(['train', '--step', 'tiny', '--log', 'wandb']);
	t.is(other.exitCode, 2);
	t.regex(other.stderr, /It should be `tensorboard`, or `tensorboard=DIR` with a folder/);
	const dry = await own.run(['train', '--step', 'tiny', '--fast-dev-run', '--log', 'tensorboard']);
	t.is(dry.exitCode, 2);
	t.regex(dry.stderr, /`log` should be left out with `--fast-dev-run`, which saves nothing/);
	t.false(existsSync(path.join(own.folder, 'runs')));
});

test.serial('a sweep writes a file for each seed of each trial, and after it has finished the same again', async t => {
	const own = tinyLadder(t);
	const ladder = await openLadder(own.folder);
	const at = (name: string): string => path.join(own.folder, name);
	const options = {
		vary: [{path: 'schedule.learningRate', values: [0.02, 1e6]}],
		...{seeds: [101], holdout: 100, name: 'rates', out: at('runs/sweeps')},
	};
	await sweep(ladder, 'tiny', {...options, tensorboard: at('live')});
	await sweep(ladder, 'tiny', {...options, tensorboard: at('later')});
	const files = eventFiles(at('live'));
	t.deepEqual(
		files.map(file => path.relative(at('live'), path.dirname(file))),
		['0-unchanged', '1-schedule.learningRate-0.02', '2-schedule.learningRate-1000000'].map(name =>
			path.join('rates', `${name}-s101`),
		),
	);
	t.deepEqual(
		eventFiles(at('later')).map(file => readFileSync(file)),
		files.map(file => readFileSync(file)),
	);

	const rows = own
		.read('records/sweeps/rates/epochs.csv')
		.trimEnd()
		.split('\n')
		.map(line => line.split(','));
	const [columns = [], ...lines] = rows;
	for (const [trial, file] of files.entries()) {
		const events = readEventFile(file);
		const found = lines.filter(line => line[columns.indexOf('trial')] === String(trial));
		const numbers = (name: string): number[] => found.map(line => Number(line[columns.indexOf(name)]));
		const epochs = epochsIn(events);
		t.deepEqual(
			epochs.map(({step}) => step),
			numbers('epoch'),
		);
		t.deepEqual(
			epochs.map(({scalars}) => scalars['validation/accuracy']),
			numbers('holdoutCorrect').map(count => Math.fround(count / 100)),
		);
		t.deepEqual(
			epochs.map(({scalars}) => scalars['train/loss']),
			numbers('trainLoss').map(Math.fround),
		);
		const rate = [0.01, 0.02, 1e6][trial] ?? 0;
		t.true(
			epochs.every(({scalars}) => scalars['learning_rate'] === Math.fround(rate) && !('test/accuracy' in scalars)),
		);
		t.is(events[1]?.hparams?.settings['schedule.learningRate'], rate);
		t.is(events.at(-1)?.hparams?.status, trial === 2 ? 2 : 1);
	}

	// trained again, it replaces its files
	await sweep(ladder, 'tiny', {...options, fresh: true, tensorboard: at('live')});
	t.is(eventFiles(at('live')).length, 3);
	t.deepEqual(
		epochsIn(readEventFile(eventFiles(at('live'))[0] ?? '')).map(({step}) => step),
		[1, 2, 3, 4],
	);
});
