// A user's files beside our own are not changed.
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {OwnLadder} from '../helpers/own-ladder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

/** Writes files of a user, with times days ago. */
const keep = (own: OwnLadder, ...files: readonly string[]): void => {
	const longAgo = new Date(Date.now() - 3 * 24 * 60 * 60 * 1000);
	for (const file of files) {
		own.write(file, 'mine');
		utimesSync(path.join(own.folder, file), longAgo, longAgo);
		utimesSync(path.dirname(path.join(own.folder, file)), longAgo, longAgo);
	}
};

const areKept = (t: ExecutionContext, own: OwnLadder, ...files: readonly string[]): void => {
	for (const file of files) {
		t.true(existsSync(path.join(own.folder, file)) && own.read(file) === 'mine', file);
	}
};

test('`report --out` removes nothing from a user’s folder', async t => {
	const own = tinyLadder(t);
	t.is((await own.run(['record', '--step', 'tiny', '--seeds', '1'])).exitCode, 0);
	const mine = ['.tmpAbc123/x', '.unfinished-essay/y', '.lock', '.lock.json', 'report.md.2'].map(name => `out/${name}`);
	keep(own, ...mine);
	const {exitCode, stderr} = await own.run(['report', '--out', 'out']);
	t.is(exitCode, 0, stderr);
	areKept(t, own, ...mine);
	t.is(readdirSync(path.join(own.folder, 'out')).length, mine.length + 2);
});

test('runs of a step called `replays` outlive `record --check --replay all`', async t => {
	const own = tinyLadder(t);
	own.write('steps/0-replays.ts', own.read('steps/0-tiny.ts').replace("name: 'tiny'", "name: 'replays'"));
	rmSync(path.join(own.folder, 'steps', '0-tiny.ts'));
	t.is((await own.run(['train', '--step', 'replays'])).exitCode, 0);
	const runs = readdirSync(path.join(own.folder, 'runs', 'replays'));
	t.is((await own.run(['record', '--step', 'replays', '--seeds', '1'])).exitCode, 0);
	const {exitCode, stdout, stderr} = await own.run(['record', '--check', '--replay', 'all']);
	t.is(exitCode, 0, stdout + stderr);
	t.deepEqual(readdirSync(path.join(own.folder, 'runs', 'replays')), runs);
});

test('a user’s files in the cache folder stay', async t => {
	const own = tinyLadder(t);
	const mine = ['data/my.sqlite', 'data/photos.backup/p'];
	keep(own, ...mine);
	await own.run(['doctor'], {env: {STEPLADDER_CACHE: own.folder}});
	areKept(t, own, ...mine);
});

test('a file called `latest` stays', async t => {
	const own = tinyLadder(t);
	keep(own, 'mine/latest');
	t.is((await own.run(['train', '--step', 'tiny', '--out', 'mine'])).exitCode, 0);
	areKept(t, own, 'mine/latest');
});

(process.platform === 'win32' ? test.skip : test)('`init` writes nothing through a link', async t => {
	const own = new OwnLadder(t);
	writeFileSync(path.join(own.folder, 'mine.txt'), '');
	mkdirSync(path.join(own.folder, 'new'));
	symlinkSync('../mine.txt', path.join(own.folder, 'new', 'ladder.ts'));
	const {exitCode, stderr} = await own.run(['init', 'new']);
	t.not(exitCode, 0);
	t.regex(stderr, /ladder\.ts already exists, so nothing was written/);
	t.is(statSync(path.join(own.folder, 'mine.txt')).size, 0);
	t.deepEqual(readdirSync(path.join(own.folder, 'new')), ['ladder.ts']);
});

test('an interrupted sweep does not let another replace a finished one', async t => {
	const own = tinyLadder(t, {train: 4000});
	const common = ['sweep', '--step', 'tiny', '--holdout', '100', '--jobs', '1', '--threads', '1'];
	const first = [
		...common,
		'--seeds',
		'101',
		'--epochs',
		'1',
		'--vary',
		'schedule.learningRate=0.02',
		'--name',
		'first',
	];
	t.is((await own.run(first)).exitCode, 0);
	const kept = readFileSync(path.join(own.folder, 'records/sweeps/first/sweep.json'), 'utf8');
	const other = [...common, '--seeds', '101,102', '--epochs', '1', '--vary', 'batchSize=16,64'];
	t.is((await own.run([...other, '--name', 'second'])).exitCode, 0);
	const trials = path.join(own.folder, 'runs', 'sweeps');
	const [begun = ''] = readdirSync(trials).filter(
		name => name !== 'progress' && !own.read(`runs/sweeps/${name}/result.json`).includes('0.02'),
	);
	writeFileSync(path.join(trials, begun, 'result.json'), ''); // as if it had not finished
	const {exitCode, stderr} = await own.run([...other, '--name', 'first']);
	t.is(exitCode, 2);
	t.regex(stderr, /records\/sweeps\/first has a sweep that differs/);
	t.is(readFileSync(path.join(own.folder, 'records/sweeps/first/sweep.json'), 'utf8'), kept);
});
