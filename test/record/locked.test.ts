import fs, {existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {execa} from 'execa';
import {acquireLock, lockPathFor} from '../../ts/fs/lock.js';
import {AbortError, ConfigError, LockError, openLadder, record, sweep} from '../../ts/index.js';
import {runsFolder} from '../../ts/ladder/find-ladder.js';
import {readRecord} from '../../ts/record/file.js';
import {writeTexts} from '../../ts/record/write-texts.js';
import {hintElsewhere, main} from '../helpers/cli.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const filesOf = (folder: string): Record<string, string> =>
	Object.fromEntries(
		readdirSync(folder, {recursive: true, withFileTypes: true})
			.filter(entry => entry.isFile())
			.map(entry => path.join(entry.parentPath, entry.name))
			.toSorted()
			.map(file => [path.relative(folder, file), readFileSync(file, 'latin1')]),
	);

test('`record --fresh` checks its options before it writes anything, and removes only runs of its own', async t => {
	const own = tinyLadder(t);
	const first = await own.run(['record', '--step', 'tiny', '--seeds', '1', '--out', 'kept']);
	t.is(first.exitCode, 0, first.stderr);
	own.write('kept/tiny/thesis.txt', 'two years of work');
	own.write('kept/tiny/other/result.json', '{}');
	const before = {kept: filesOf(path.join(own.folder, 'kept')), records: filesOf(path.join(own.folder, 'records'))};
	for (const [wrong, exitCode] of [
		[['--engine', 'fsued'], 2],
		[['--threads', '0'], 2],
		[['--jobs', '9999'], 2],
		[['--seeds', '4294967296'], 2],
	] as const) {
		const {stderr, ...run} = await own.run(['record', '--step', 'tiny', '--fresh', '--out', 'kept', ...wrong]);
		t.is(run.exitCode, exitCode, stderr);
		t.regex(stderr, /^stepladder: `(engine|threads|jobs|seeds)` should be .*$/);
		t.deepEqual(filesOf(path.join(own.folder, 'kept')), before.kept);
		t.deepEqual(filesOf(path.join(own.folder, 'records')), before.records);
	}

	const nowhere = await own.run(['record', '--step', 'tiny', '--seeds', '1', '--fresh', '--out', 'ladder.ts']);
	t.is(nowhere.exitCode, 1);
	t.regex(nowhere.stderr, /^stepladder: could not write in ladder\.ts\/tiny .*; choose another place with `--out`$/);
	t.deepEqual(filesOf(path.join(own.folder, 'records')), before.records, 'a record that can’t be replaced stays');

	const fresh = await own.run(['record', '--step', 'tiny', '--seeds', '1', '--fresh', '--out', 'kept']);
	t.is(fresh.exitCode, 0, fresh.stderr);
	const runs = readdirSync(path.join(own.folder, 'kept', 'tiny'));
	t.deepEqual(
		[runs.includes('thesis.txt'), runs.includes('other'), runs.length],
		[true, true, 3],
		'the earlier run is removed',
	);
	t.not(own.read('records/0-tiny/promise.json'), before.records['0-tiny/promise.json']);
});

test('a step is recorded by one process at a time, and is not checked meanwhile', async t => {
	const own = tinyLadder(t, {train: 2000});
	t.is((await own.run(['record', '--step', 'tiny', '--seeds', '1,2'])).exitCode, 0);
	const ladder = await openLadder(own.folder);
	const options = {seeds: [1, 2], out: path.join(own.folder, 'runs', 'records'), fresh: true};
	const recorder = await record(ladder, 'tiny', options);
	await t.throwsAsync(record(ladder, 'tiny', options), {instanceOf: LockError});
	for (const words of [
		['--step', 'tiny', '--seeds', '1,2'],
		['--step', 'tiny', '--seeds', '1,2', '--out', 'elsewhere'],
		['--check'],
	]) {
		const {stderr, stdout, exitCode} = await own.run(['record', ...words]);
		t.is(exitCode, 1, stdout);
		t.regex(
			stderr,
			/^stepladder: the record of `tiny` is in use by process \d+ on .*: wait until that has finished, or end it$/,
		);
	}

	await recorder.training?.result;
	recorder.write();
	t.deepEqual(readdirSync(path.join(own.folder, 'records')).toSorted(), [
		'0-tiny',
		'ledger.jsonl',
		'test-images.jsonl',
	]);
	const checked = await own.run(['record', '--check']);
	t.is(checked.exitCode, 0, checked.stdout + checked.stderr);
	t.is(own.read('records/0-tiny/epochs.csv').trim().split('\n').length, 1 + 2 * 4);
});

test('a string for `fresh` is refused, which would count as true', async t => {
	const own = tinyLadder(t);
	const ladder = await openLadder(own.folder);
	const options = {seeds: [1], out: path.join(own.folder, 'runs'), fresh: 'no' as unknown as boolean};
	const refusal = {instanceOf: ConfigError, message: /^`fresh` should be `true` or `false`, got "no"/};
	await t.throwsAsync(record(ladder, 'tiny', options), refusal);
	const vary = [{path: 'batchSize', values: [16]}];
	await t.throwsAsync(sweep(ladder, 'tiny', {...options, vary, holdout: 100}), refusal);
	t.false(existsSync(path.join(own.folder, 'records')));
});

test('a record is written once, after its training has finished', async t => {
	const own = tinyLadder(t);
	const ladder = await openLadder(own.folder);
	const recorder = await record(ladder, 'tiny', {seeds: [1], out: path.join(own.folder, 'runs')});
	t.throws(() => recorder.write(), {instanceOf: ConfigError, message: /can’t be written yet/});
	await recorder.training?.result;
	const {record: made} = recorder.write();
	t.deepEqual(recorder.write().record, made);
	t.deepEqual(readRecord(path.join(own.folder, 'records', '0-tiny')), made);
});

test('a preregistration names the commit that is checked out', async t => {
	const own = tinyLadder(t);
	const git = async (...words: string[]) =>
		execa('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...words], {cwd: own.folder});
	await git('init', '-q');
	own.write('.gitignore', 'runs\n.cache\n');
	await git('add', '-A');
	await git('commit', '-qm', 'begun');
	const {stdout: hash} = await git('rev-parse', 'HEAD');
	t.is((await own.run(['record', '--step', 'tiny', '--seeds', '1'])).exitCode, 0);
	const {made} = JSON.parse(own.read('records/0-tiny/promise.json'));
	t.deepEqual(made.commit, {hash, clean: true});
});

test('a recording that fails releases the lock for the next one', async t => {
	const own = tinyLadder(t, {train: 2000});
	const ladder = await openLadder(own.folder);
	const options = {seeds: [1], out: path.join(own.folder, 'runs', 'records')};
	const recorder = await record(ladder, 'tiny', options);
	recorder.training?.abort();
	await t.throwsAsync(async () => recorder.training?.result);
	const again = await record(ladder, 'tiny', options);
	await again.training?.result;
	again.write();
	t.true(existsSync(path.join(own.folder, 'records', '0-tiny', 'record.json')));
});

test('a recorder that is disposed of stops its training and releases the lock, and the next one resumes its runs', async t => {
	const own = tinyLadder(t, {train: 2000});
	const ladder = await openLadder(own.folder);
	const options = {seeds: [1], out: path.join(own.folder, 'runs', 'records')};
	const recorder = await record(ladder, 'tiny', options);
	for await (const event of recorder.training ?? []) {
		if (event.type === 'epoch') {
			break;
		}
	}

	await recorder[Symbol.asyncDispose]();
	await t.throwsAsync(async () => recorder.training?.result, {instanceOf: AbortError});
	const unwritten = await record(ladder, 'tiny', options);
	await unwritten.training?.result;
	await unwritten[Symbol.asyncDispose]();
	const again = await record(ladder, 'tiny', options);
	t.deepEqual(again.finished, [1]);
	again.write();
	await again[Symbol.asyncDispose]();
	t.true(existsSync(path.join(own.folder, 'records', '0-tiny', 'record.json')));
	t.is(readdirSync(path.join(options.out, 'tiny')).length, 1);
});

test('runs belong to the ladder, in whatever folder of it a command is typed', async t => {
	const own = tinyLadder(t);
	const inSteps = {cwd: 'steps'};
	const recorded = await own.run(['record', '--step', 'tiny', '--seeds', '1'], inSteps);
	t.is(recorded.exitCode, 0, recorded.stderr);
	const again = await own.run(['record', '--step', 'tiny', '--seeds', '1']);
	t.is(again.stderr, 'Seed 1 was finished before');
	t.is((await own.run(['train', '--step', 'tiny', '--epochs', '2'], inSteps)).exitCode, 0);
	const vary = ['--vary', 'batchSize=16', '--holdout', '50', '--seeds', '101', '--epochs', '1'];
	t.is((await own.run(['sweep', '--step', 'tiny', ...vary], inSteps)).exitCode, 0);
	t.is((await own.run(['record', '--check', '--replay', 'all'], inSteps)).exitCode, 0);
	t.regex(
		(await own.run(['train', '--resume', 'latest'], inSteps)).stderr,
		/has finished: there is nothing to resume; /,
	);
	const listed = JSON.parse((await own.run(['runs', '--json'], inSteps)).stdout);
	t.is(listed.length, 2);
	t.deepEqual(readdirSync(path.join(own.folder, 'runs')).toSorted(), ['latest', 'records', 'sweeps', 'tiny']);
	t.deepEqual(readdirSync(path.join(own.folder, 'steps')), ['0-tiny.ts']);
});

test('runs of a ladder that a package names are beside the package.json', t => {
	const own = tinyLadder(t);
	t.is(runsFolder(own.folder), path.join(own.folder, 'runs'));
	own.write('package.json', JSON.stringify({stepladder: {ladder: 'ladders/one'}}));
	t.is(runsFolder(path.join(own.folder, 'ladders/one')), path.join(own.folder, 'runs'));
	t.is(runsFolder(path.join(own.folder, 'ladders/two')), path.join(own.folder, 'ladders/two/runs'));
});

test('a recording that was interrupted prints the command that resumes it', async t => {
	const own = tinyLadder(t, {train: 20_000});
	const child = execa(
		process.execPath,
		[main, 'record', '--step', 'tiny', '--seeds', '1,2', '--fresh', '--skip-damaged', '--out', 'my runs'],
		{
			...{reject: false, cwd: own.folder},
			env: {npm_lifecycle_event: '', npm_command: ''},
		},
	);
	child.stdout.once('data', () => child.kill('SIGINT'));
	const {exitCode, stderr} = await child;
	t.is(exitCode, 130);
	t.is(
		stderr,
		`stepladder: interrupted; to resume: ${hintElsewhere('record', '--step tiny --seeds 1,2 --out "my runs" --skip-damaged')}`,
	);
});

test('two sweeps of one name, or with a run in common, do not write at once', async t => {
	const own = tinyLadder(t);
	const ladder = await openLadder(own.folder);
	const options = {
		...{vary: [{path: 'batchSize', values: [16, 64]}], seeds: [101], holdout: 100, epochs: 2},
		out: path.join(own.folder, 'runs', 'sweeps'),
	};
	const lock = lockPathFor(path.join(own.folder, 'records', 'sweeps', 'tiny-batch-size'));
	mkdirSync(path.dirname(lock), {recursive: true});
	const held = await acquireLock('the sweep', lock);
	await t.throwsAsync(sweep(ladder, 'tiny', options), {
		instanceOf: LockError,
		message: /^the sweep `tiny-batch-size` is in use by process \d+ /,
	});
	held.release();

	const both = await Promise.allSettled([
		sweep(ladder, 'tiny', options),
		sweep(ladder, 'tiny', {...options, name: 'other'}),
	]);
	t.true(both.some(({status}) => status === 'fulfilled'));
	for (const one of both) {
		t.true(one.status === 'fulfilled' || one.reason instanceof LockError);
	}

	const [name = ''] = readdirSync(options.out);
	writeFileSync(path.join(options.out, name, '.unfinished-x'), '');
	await sweep(ladder, 'tiny', {...options, name: 'other', fresh: true});
	t.deepEqual(readdirSync(path.join(options.out, name)).toSorted(), ['begun.txt', 'result.json']);
	t.deepEqual(
		readdirSync(path.dirname(lock)).filter(name => name.startsWith('.')),
		[],
	);
});

test.serial('a record that another process writes while the table is written is in the table', async t => {
	const own = tinyLadder(t, {epochs: 2});
	own.write('steps/1-other.ts', own.read('steps/0-tiny.ts').replace("name: 'tiny'", "name: 'other'"));
	own.write('README.md', '<!-- ladder: written by record -->\n\n-\n\n<!-- end of ladder -->\n');
	for (const step of ['tiny', 'other']) {
		t.is((await own.run(['record', '--step', step, '--seeds', '1'])).exitCode, 0);
	}

	const table = own.read('README.md');
	const {record: finished} = (await openLadder(own.folder)).entry('other');
	renameSync(finished, `${finished}.later`);
	const rename = fs.renameSync;
	t.teardown(() => {
		fs.renameSync = rename;
	});
	fs.renameSync = (from, to) => {
		if (path.basename(String(to)) === 'README.md' && !existsSync(finished)) {
			rename(`${finished}.later`, finished);
		}

		rename(from, to);
	};

	t.deepEqual(writeTexts(await openLadder(own.folder)), []);
	t.is(own.read('README.md'), table);
});

test('`record` reports a page whose marks have no table between them, and leaves it as it is', async t => {
	const own = tinyLadder(t, {epochs: 2});
	const page = '<!-- ladder: written by record -->\n\n<!-- end of ladder -->\n';
	own.write('README.md', page);
	const {exitCode, stderr} = await own.run(['record', '--step', 'tiny', '--seeds', '1']);
	t.is(exitCode, 1);
	t.regex(
		stderr,
		/^README\.md has no table: the marks of the ladder’s table should be there once, each between empty lines/m,
	);
	t.is(own.read('README.md'), page);
	own.write('README.md', '# Mine\n');
	t.is((await own.run(['record', '--text'])).exitCode, 0);
});
