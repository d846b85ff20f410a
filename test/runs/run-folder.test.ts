import {
	cpSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {acquireLock} from '../../ts/fs/lock.js';
import {
	AbortError,
	ConfigError,
	idx,
	LockError,
	openLadder,
	resume,
	type Training,
	train,
	WriteError,
} from '../../ts/index.js';
import {temporaryFolder} from '../helpers/folder.js';
import {writeIdx} from '../helpers/idx.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

/** Makes a ladder and options to train its step. */
const tiny = async (t: ExecutionContext) => {
	const own = tinyLadder(t, {train: 12_000});
	const ladder = await openLadder(own.folder);
	const data = idx(path.join(own.folder, 'data'));
	const options = {data, out: path.join(own.folder, 'runs'), threads: 1, epochs: 10};
	const {name, target, experiment} = ladder.step('tiny');
	const step = {name, target, experiment: {...experiment, batchSize: 2}}; // slow enough to be interrupted
	return {own, step, options};
};

/** Aborts a training after the first epoch of a seed, and returns the folders of the seeds that had begun. */
const interrupted = async (t: ExecutionContext, training: Training, seed = 1): Promise<string[]> => {
	const folders: string[] = [];
	await t.throwsAsync(
		async () => {
			for await (const event of training) {
				if (event.type === 'start' && event.folder) {
					folders.push(event.folder);
				} else if (event.type === 'epoch' && event.seed === seed) {
					training.abort();
				}
			}
		},
		{instanceOf: AbortError},
	);
	return folders;
};

const contents = (folder: string): Record<string, string> =>
	Object.fromEntries(readdirSync(folder).map(file => [file, readFileSync(path.join(folder, file), 'latin1')]));

test('the files of a run stay as they are if resuming fails before its first epoch is repeated', async t => {
	const {step, options} = await tiny(t);
	const [folder = ''] = await interrupted(t, train(step, options));
	const before = contents(folder);
	await t.throwsAsync(resume(folder, {signal: AbortSignal.abort()}).result, {instanceOf: AbortError});
	t.deepEqual(contents(folder), before);

	const checkpoint = path.join(folder, 'checkpoint.safetensors');
	writeFileSync(checkpoint, readFileSync(checkpoint).subarray(0, 100));
	const damaged = contents(folder);
	await t.throwsAsync(resume(folder).result);
	t.deepEqual(contents(folder), damaged);
	t.is(before['events.jsonl'], damaged['events.jsonl']);
});

test('a resumed run logs each epoch once, and partly written files of a killed process are removed', async t => {
	const {step, options} = await tiny(t);
	const [folder = ''] = await interrupted(t, train(step, options));
	for (const name of ['.unfinished-a1b2c3', '.tmpYwBwCL', 'config.json.1234567', 'result.json.99']) {
		writeFileSync(path.join(folder, name), '{');
	}

	await resume(folder).result;
	t.deepEqual(readdirSync(folder).toSorted(), [
		...['config.json', 'events.jsonl', 'metrics.csv', 'model.safetensors', 'predictions.json', 'result.json'],
	]);
	const epochs = readFileSync(path.join(folder, 'events.jsonl'), 'utf8').trim().split('\n');
	t.deepEqual(
		epochs.map(line => JSON.parse(line).epoch),
		Array.from({length: 10}, (_, index) => index + 1),
	);
	t.is(readFileSync(path.join(folder, 'metrics.csv'), 'utf8').trim().split('\n').length, 11);
});

test('the next run removes a folder whose process was killed before it wrote `config.json`', async t => {
	const {step, options} = await tiny(t);
	const orphan = path.join(options.out, 'tiny', '2026-01-01T00-00-00Z-s1');
	mkdirSync(path.join(orphan, '.lock'), {recursive: true});
	const lock = {id: 'x', pid: 1, host: 'gone', space: '', since: '2026-01-01T00:00:00.000Z'};
	writeFileSync(path.join(orphan, '.lock', 'holder.json'), JSON.stringify(lock));
	utimesSync(path.join(orphan, '.lock'), 1, 1);
	writeFileSync(path.join(orphan, 'config.json.123'), '{');
	const users = path.join(options.out, 'tiny', '2026-01-01T00-00-01Z-s1');
	mkdirSync(users);
	writeFileSync(path.join(users, 'notes.txt'), 'mine');
	await train(step, {...options, epochs: 1}).result;
	t.false(existsSync(orphan));
	t.is(readFileSync(path.join(users, 'notes.txt'), 'utf8'), 'mine');
});

test('of two processes that resume a run one does, and the other names it', async t => {
	const {own, step, options} = await tiny(t);
	const [folder = ''] = await interrupted(t, train(step, options));
	const lock = await acquireLock('the run', path.join(folder, '.lock'));
	const before = readFileSync(path.join(folder, 'events.jsonl'), 'utf8');
	const {stderr, exitCode} = await own.run(['train', '--resume', folder]);
	t.is(exitCode, 1);
	t.regex(
		stderr,
		/^stepladder: runs\/tiny\/\S+ is in use by process \d+ on .*: wait until that has finished, or end it$/,
	);
	t.is(readFileSync(path.join(folder, 'events.jsonl'), 'utf8'), before);
	lock.release();

	const both = await Promise.allSettled([resume(folder).result, resume(folder).result]);
	t.deepEqual(both.map(({status}) => status).toSorted(), ['fulfilled', 'rejected']);
	const reason = both.find(one => one.status === 'rejected')?.reason;
	t.true(reason instanceof LockError, String(reason));
	t.is(readFileSync(path.join(folder, 'metrics.csv'), 'utf8').trim().split('\n').length, 11);
});

test('a run whose folder is removed, or can’t be written, ends with a sentence', async t => {
	const {step, options} = await tiny(t);
	const removed = train(step, {...options, seeds: [1, 2, 3], jobs: 3});
	await t.throwsAsync(
		async () => {
			for await (const event of removed) {
				if (event.type === 'start' && event.seed === 2) {
					renameSync(event.folder ?? '', `${event.folder}-elsewhere`);
				}
			}
		},
		{message: /was removed, or its lock was, while it was in use$|could not write/},
	);

	const blocked = train(step, options);
	await t.throwsAsync(
		async () => {
			for await (const event of blocked) {
				if (event.type === 'start') {
					rmSync(path.join(event.folder ?? '', 'events.jsonl'), {force: true});
					mkdirSync(path.join(event.folder ?? '', 'events.jsonl'));
				}
			}
		},
		{instanceOf: WriteError, message: /could not write in .*tiny.*EISDIR.*--out/},
	);
});

test('the folder of any seed resumes all seeds of its command, and the result has all of them', async t => {
	const {step, options} = await tiny(t);
	const seeds = [5, 1, 3];
	const unbroken = await train(step, {...options, seeds, jobs: 1}).result;
	for (const which of [0, 1]) {
		const out = path.join(options.out, `broken-${which}`);
		const folders = await interrupted(t, train(step, {...options, out, seeds, jobs: 1}));
		t.is(folders.length, 2, 'one finished, one unfinished, one not begun');
		const again = await resume(folders[which] ?? '').result;
		t.deepEqual({...again, seconds: 0}, {...unbroken, seconds: 0});
		t.is(readdirSync(path.join(out, 'tiny')).length, 3);
		t.throws(() => resume(folders[which] ?? ''), {
			instanceOf: ConfigError,
			message: /has finished: there is nothing to resume; /,
		});
	}
});

test('a link to a run resumes the seeds of its command where they are', async t => {
	const {own, step, options} = await tiny(t);
	const seeds = [1, 2, 3];
	const folders = await interrupted(t, train(step, {...options, seeds, jobs: 1, epochs: 2}), 2);
	const before = folders.map(folder => path.basename(folder));
	const link = path.join(own.folder, 'link');
	symlinkSync(folders[1] ?? '', link, 'junction');
	const around = readdirSync(own.folder);
	const trained = new Set<number>();
	const training = resume(link);
	for await (const event of training) {
		if (event.type === 'start') {
			trained.add(event.seed);
		}
	}

	t.deepEqual(
		(await training.result).seeds.map(({seed}) => seed),
		seeds,
	);
	t.deepEqual([...trained].sort(), [2, 3], 'seed 1 had finished');
	t.deepEqual(readdirSync(own.folder), around, 'no run is written beside the link');
	const after = readdirSync(path.join(options.out, 'tiny'));
	t.is(after.length, 3);
	t.true(before.every(name => after.includes(name)));
});

test('a run is resumed in its folder with its settings: other options are refused', async t => {
	const {step, options} = await tiny(t);
	const [folder = ''] = await interrupted(t, train(step, options));
	t.throws(() => resume(folder, {out: 'elsewhere'} as never), {
		instanceOf: ConfigError,
		message: /^`out` can’t be changed by resuming/,
	});
});

test('names and seeds out of bounds are refused, and no step writes outside of `out`', async t => {
	const {step, options} = await tiny(t);
	for (const name of ['../../..', '/tmp/x', '', 'a'.repeat(201), undefined]) {
		await t.throwsAsync(train({...step, name: name as never}, options).result, {
			instanceOf: ConfigError,
			message: /^`name` should be lower-case words/,
		});
	}

	for (const seeds of [[-1], [2 ** 32], [2 ** 53 - 1], [2 ** 53], Array.from({length: 1_000_000}, (_, seed) => seed)]) {
		await t.throwsAsync(train(step, {...options, seeds}).result, {
			instanceOf: ConfigError,
			message: /^`seeds` should be a list of different whole numbers from 0 to 4294967295/,
		});
	}

	t.false(existsSync(options.out));
});

/** Written by version 0.1.0, before formats had numbers: a finished run, and one that had just begun. */
const sample = path.resolve('test/samples/0.1.0/run-folder');

test('runs of version 0.1.0 are listed, predict, and are resumed', async t => {
	const own = tinyLadder(t);
	writeIdx(path.join(own.folder, 'data'), 400, 60, {isNumbered: false});
	cpSync(sample, path.join(own.folder, 'runs'), {recursive: true});
	const runs = JSON.parse((await own.run(['runs', '--json'])).stdout);
	t.deepEqual(
		runs.map(({step, seed, epochs, of, state}: Record<string, unknown>) => ({step, seed, epochs, of, state})),
		[
			{step: 'tiny', seed: 2, epochs: 0, of: 2, state: 'unfinished'},
			{step: 'tiny', seed: 1, epochs: 2, of: 2, state: 'finished'},
		],
	);
	const [unfinished, finished] = runs.map(({folder}: {folder: string}) => folder);
	const predicted = await own.run(['predict', finished, 'data/t10k-images-idx3-ubyte:0-2']);
	t.is(predicted.exitCode, 0, predicted.stderr);
	t.is(predicted.stdout.split('\n').length, 3);
	const again = await own.run(['train', '--resume', unfinished]);
	t.is(again.exitCode, 0, again.stderr);
	t.regex((await own.run(['runs'])).stdout, /^tiny +2 +2\/2 .* finished /m);
});

test('a run of an unknown format is refused with both versions, and not changed', async t => {
	const own = tinyLadder(t);
	cpSync(sample, path.join(own.folder, 'runs'), {recursive: true});
	const [name = ''] = readdirSync(path.join(own.folder, 'runs', 'tiny')).filter(name => name.endsWith('-s2'));
	const file = `runs/tiny/${name}/config.json`;
	const config = JSON.parse(own.read(file));
	config.versions.stepladder = '9.9.9';
	own.write(file, JSON.stringify({...config, format: 3}));
	const before = contents(path.join(own.folder, 'runs', 'tiny', name));
	const {stderr, exitCode} = await own.run(['train', '--resume', `runs/tiny/${name}`]);
	t.is(exitCode, 2);
	t.regex(
		stderr,
		/^stepladder: runs\/tiny\/.* is a run of format 3, written by stepladder 9\.9\.9; stepladder \d+\.\d+\.\d+ reads formats 1 to 2: use a version that knows it$/,
	);
	t.deepEqual(contents(path.join(own.folder, 'runs', 'tiny', name)), before);
});

test('images of a run are found from another working folder', async t => {
	const own = tinyLadder(t);
	const child = await own.run(['train', '--step', 'tiny', '--data-dir', 'data', '--epochs', '1']);
	t.is(child.exitCode, 0, child.stderr);
	const config = JSON.parse(own.read('runs/latest/config.json'));
	t.true(path.isAbsolute(config.data.idx.folder));
	t.is(config.format, 2);
	rmSync(path.join(own.folder, 'runs/latest/result.json')); // as if interrupted
	const other = temporaryFolder(t);
	const again = await own.run(['train', '--resume', path.join(own.folder, 'runs/latest')], {
		cwd: path.relative(own.folder, other),
	});
	t.is(again.exitCode, 0, again.stderr);
});

/** Makes a finished run with old leftovers of a killed process. */
const untidy = async (t: ExecutionContext) => {
	const own = tinyLadder(t);
	t.is((await own.run(['train', '--step', 'tiny', '--out', 'runs'])).exitCode, 0);
	const [run = ''] = readdirSync(path.join(own.folder, 'runs', 'tiny')).map(name => `runs/tiny/${name}`);
	const folder = path.join(own.folder, run);
	const before = contents(folder);
	for (const left of ['checkpoint.safetensors', '.unfinished-abcdef', '.lock.1/holder.json', 'result.json.12']) {
		own.write(`${run}/${left}`, 'left');
	}

	utimesSync(path.join(folder, '.lock.1'), 1, 1);
	return {own, run, folder, before};
};

test('resuming a finished run removes leftovers in its folder, and says that it has finished', async t => {
	const {own, run, folder, before} = await untidy(t);
	const {stderr, exitCode} = await own.run(['train', '--resume', run]);
	t.is(exitCode, 2);
	t.regex(stderr, /has finished: there is nothing to resume; /);
	t.deepEqual(contents(folder), before);
});

test('the next training of a step removes leftovers in the folders of finished runs', async t => {
	const {own, folder, before} = await untidy(t);
	t.is((await own.run(['train', '--step', 'tiny'])).exitCode, 0);
	t.deepEqual(contents(folder), before);
});

test('waiting for a lock of another host prints its holder, and for how long', async t => {
	const {own, run, folder, before} = await untidy(t);
	const holder = {id: 'x', pid: 7, host: 'another-container', space: 'another', since: '2026-11-25T02:00:00.000Z'};
	const lock = path.join(folder, '.lock');
	mkdirSync(lock);
	writeFileSync(path.join(lock, 'holder.json'), JSON.stringify(holder));
	const ahead = new Date(Date.now() + 3_600_000);
	utimesSync(lock, ahead, ahead);
	const {stderr} = await own.run(['train', '--resume', run]);
	t.regex(
		stderr,
		/in use by process 7 on another-container, since 2026-11-25 02:00:00 UTC; it is taken over after 15 s without a heartbeat\n/,
	);
	t.deepEqual(contents(folder), before);
});

test('logs that are changed or removed during a run are rewritten at its end', async t => {
	const {step, options} = await tiny(t);
	const lines = async (training: Training, damage: (folder: string) => void): Promise<string[]> => {
		let folder = '';
		for await (const event of training) {
			if (event.type === 'start') {
				folder = event.folder ?? '';
			} else if (event.type === 'epoch' && event.epoch === 2) {
				damage(folder);
			}
		}

		const rows = readFileSync(path.join(folder, 'events.jsonl'), 'utf8').trimEnd().split('\n');
		return rows.map(row => JSON.stringify({...JSON.parse(row), seconds: 0}));
	};
	const untouched = await lines(train(step, {...options, epochs: 4}), () => {});
	t.is(untouched.length, 4);
	const removed = (folder: string): void => rmSync(path.join(folder, 'events.jsonl'));
	const changed = (folder: string): void => writeFileSync(path.join(folder, 'events.jsonl'), 'nonsense\n');
	t.deepEqual(await lines(train(step, {...options, epochs: 4}), removed), untouched);
	t.deepEqual(await lines(train(step, {...options, epochs: 4}), changed), untouched);
});

test('a run that can’t be logged has ended when its folder is unlocked: no checkpoint is written later', async t => {
	const own = tinyLadder(t);
	const ladder = await openLadder(own.folder);
	const options = {data: ladder.data, threads: 1, epochs: 40};
	for (let attempt = 0; attempt < 20; attempt += 1) {
		let folder = '';
		await t.throwsAsync(
			async () => {
				for await (const event of train(ladder.step('tiny'), {...options, out: path.join(own.folder, 'runs')})) {
					if (event.type === 'start') {
						folder = event.folder ?? '';
					} else if (event.type === 'epoch' && event.epoch === 1) {
						rmSync(path.join(folder, 'events.jsonl'));
						mkdirSync(path.join(folder, 'events.jsonl'));
					}
				}
			},
			{instanceOf: WriteError},
		);
		const written = (): Array<[string, bigint]> =>
			readdirSync(folder).map(name => [name, statSync(path.join(folder, name), {bigint: true}).mtimeNs]);
		const before = written();
		await train(ladder.step('tiny'), options).result; // as long as the other would have taken
		t.deepEqual(written(), before);
	}
});

test('any change of `config.json` is refused', async t => {
	const {step, options} = await tiny(t);
	const [folder = ''] = await interrupted(t, train(step, options));
	const file = path.join(folder, 'config.json');
	const whole = readFileSync(file, 'utf8');
	for (const changed of [
		whole.replace('"testAccuracy": 0.5', '"testAccuracy": 0.4'),
		whole.replace(/"heldFor": \d+/, '"heldFor": 1'),
		whole.replace('"begun": "2', '"begun": "1'),
	]) {
		t.not(changed, whole);
		writeFileSync(file, changed);
		await t.throwsAsync(async () => resume(folder).result, {
			code: 'data',
			message: /config\.json is not what a run wrote/,
		});
	}
});

test('no step has a name that no folder can have on Windows', async t => {
	const own = tinyLadder(t);
	const {name: _, ...step} = (await openLadder(own.folder)).step('tiny');
	for (const name of ['con', 'prn', 'aux', 'nul', 'com1', 'lpt9']) {
		const refused = new RegExp(`\`${name}\` can’t be the name of a folder on Windows.*: choose another name$`);
		await t.throwsAsync(train({...step, name}, {data: idx(path.join(own.folder, 'data'))}).result, {
			instanceOf: ConfigError,
			message: refused,
		});
		own.write(`steps/1-${name}.ts`, own.read('steps/0-tiny.ts').replace("'tiny'", `'${name}'`));
		t.regex((await openLadder(own.folder)).refused[0]?.error.message ?? '', refused);
		rmSync(path.join(own.folder, `steps/1-${name}.ts`));
	}

	t.is((await own.run(['new-step', 'aux', '--from', 'tiny'])).exitCode, 2);
});

test('no step is called `latest`, and runs of one that an earlier version allowed are listed and stay', async t => {
	const {own, step, options} = await tiny(t);
	await t.throwsAsync(train({...step, name: 'latest'}, options).result, {
		instanceOf: ConfigError,
		message: '`latest` is reserved for the link to the newest run',
	});
	t.regex((await own.run(['new-step', 'latest', '--from', 'tiny'])).stderr, /`latest` is reserved/);

	await train(step, {...options, epochs: 1}).result;
	const [name = ''] = readdirSync(path.join(options.out, 'tiny'));
	rmSync(path.join(options.out, 'latest'));
	renameSync(path.join(options.out, 'tiny'), path.join(options.out, 'latest'));
	const before = contents(path.join(options.out, 'latest', name));
	await train(step, {...options, epochs: 1}).result;
	t.deepEqual(readdirSync(path.join(options.out, 'latest')), [name]);
	t.deepEqual(contents(path.join(options.out, 'latest', name)), before);
	t.is(JSON.parse((await own.run(['runs', '--json'])).stdout).length, 2);
});
