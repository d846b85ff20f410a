import {mkdirSync, readlinkSync, rmSync, symlinkSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {tinyLadder} from '../helpers/tiny-ladder.js';

test('runs are listed, `latest` is the newest, and resumes it', async t => {
	const own = tinyLadder(t);
	const none = await own.run(['runs']);
	t.deepEqual([none.stdout, none.exitCode], ['No runs in ./runs yet', 0]);
	const elsewhere = await own.run(['runs', 'nope']);
	t.deepEqual([elsewhere.stderr, elsewhere.exitCode], ['stepladder: there is no folder nope', 2]);
	const early = await own.run(['train', '--resume', 'latest']);
	t.is(early.exitCode, 2);
	t.regex(early.stderr, /^stepladder: there is no runs\/latest: no run was saved in runs yet$/);

	t.is((await own.run(['train', '--step', 'tiny', '--epochs', '2'])).exitCode, 0);
	t.is((await own.run(['train', '--step', 'tiny', '--seeds', '2'])).exitCode, 0);
	own.write('runs/tiny/other/config.json', '{}');
	mkdirSync(path.join(own.folder, 'runs', 'empty'));
	const json = JSON.parse((await own.run(['runs', '--json'])).stdout);
	t.deepEqual(
		json.map(({step, seed, epochs, of, state}: Record<string, unknown>) => ({step, seed, epochs, of, state})),
		[
			{step: 'tiny', seed: 2, epochs: 4, of: 4, state: 'finished'},
			{step: 'tiny', seed: 1, epochs: 2, of: 2, state: 'finished'},
		],
	);
	const [newest] = json;
	t.is(
		path.resolve(own.folder, 'runs', readlinkSync(path.join(own.folder, 'runs', 'latest'))),
		path.join(own.folder, newest.folder),
	);
	const {stdout} = await own.run(['runs']);
	t.regex(
		stdout,
		/^Step +Seed +Epochs +Test % +Held +State .*\n-+\ntiny +2 +4\/4 +[\d.]+ +(yes|no) +finished .*\ntiny +1 +2\/2 /,
	);

	const finished = await own.run(['train', '--resume', 'latest']);
	t.is(finished.exitCode, 2);
	t.regex(finished.stderr, /has finished: there is nothing to resume; /);
	const before = own.read(path.join(newest.folder, 'result.json'));
	rmSync(path.join(own.folder, newest.folder, 'result.json')); // as if interrupted before the first checkpoint
	t.regex((await own.run(['runs'])).stdout, /^tiny +2 +4\/4 +[\d.]+ +- +unfinished /m);
	t.is((await own.run(['train', '--resume', 'latest'])).exitCode, 0);
	t.deepEqual(JSON.parse(own.read(path.join(newest.folder, 'result.json'))).lastEpochs, JSON.parse(before).lastEpochs);

	const nowhere = await own.run(['train', '--resume', '.']);
	t.is(nowhere.exitCode, 2);
	t.is(nowhere.stderr, 'stepladder: . is not a run folder: it has no config.json');
});

test('a trial has its own settings, is shown as a trial, and is used by no record', async t => {
	const own = tinyLadder(t);
	const run = await own.run([
		'train',
		'--step',
		'tiny',
		'--set',
		'schedule.learningRate=0.02',
		'--set',
		'net.block.norm=none',
	]);
	t.is(run.exitCode, 0, run.stderr);
	t.regex(run.stdout, /^Step tiny, a trial with schedule\.learningRate 0\.02, net\.block\.norm none\n/);
	t.regex(run.stdout, /\nThis was a trial with schedule\.learningRate 0\.02, net\.block\.norm none\. .*$/);
	const config = JSON.parse(own.read('runs/latest/config.json'));
	t.is(config.experiment.schedule.learningRate, 0.02);
	t.deepEqual(config.trial, [
		{path: 'schedule.learningRate', value: 0.02},
		{path: 'net.block.norm', value: 'none'},
	]);
	t.regex((await own.run(['runs'])).stdout, / finished trial /);

	for (const [setting, sentence] of [
		['schedule.maxLearningRate=0.2', /unknown name `schedule\.maxLearningRate`/],
		['batchSize=many', /`batchSize` should be a number, got "many"/],
		['batchSize=32', /`set` should be a value that the step does not have already, got batchSize 32$/],
		['batchSize', /It should be a setting and its value/],
		['net.body.1.chanels=4', /unknown name `net\.body\.1\.chanels` \(did you mean `net\.body\.1\.channels`\?\)/],
		['net.body.1.kernel=0.5', /`net\.body\.1\.kernel` should be a whole number, at least 0, got 0\.5/],
		['net.body.9.channels=4', /`net\.body` has \d items: expected an index from 0 to \d, or \d to add an item, got 9/],
	] as const) {
		const {stderr, exitCode} = await own.run(['train', '--step', 'tiny', '--set', setting]);
		t.is(exitCode, 2, stderr);
		t.regex(stderr, sentence);
	}

	const layer = await own.run(['train', '--step', 'tiny', '--set', 'net.body.1.channels=3']);
	t.is(layer.exitCode, 0, layer.stderr);
	t.is(JSON.parse(own.read('runs/latest/config.json')).experiment.net.body[1].channels, 3);

	const record = await own.run(['record', '--step', 'tiny', '--set', 'batchSize=16']);
	t.is(record.exitCode, 2);
	const recorded = await own.run(['record', '--step', 'tiny', '--seeds', '1', '--out', 'runs']);
	t.is(recorded.exitCode, 0, recorded.stderr);
	t.notRegex(recorded.stderr, /finished before/);
});

test('a finished run whose files have changed is listed as damaged', async t => {
	const own = tinyLadder(t, {epochs: 2});
	t.is((await own.run(['train', '--step', 'tiny'])).exitCode, 0);
	const [run] = JSON.parse((await own.run(['runs', '--json'])).stdout);
	const damages: ReadonlyArray<readonly [string, (text: string) => string]> = [
		['events.jsonl', text => text.replace(/"testCorrect":\d+/g, '"testCorrect":1')],
		['events.jsonl', text => text.replace(/.*\n$/, '')],
		['result.json', text => text.replace(/"held": (true|false)/, (_, held) => `"held": ${held === 'false'}`)],
		['result.json', () => ''],
		['result.json', () => '{"hash": 1}'],
	];
	for (const [name, damage] of damages) {
		const file = path.join(run.folder, name);
		const whole = own.read(file);
		own.write(file, damage(whole));
		t.not(own.read(file), whole);
		const [found] = JSON.parse((await own.run(['runs', '--json'])).stdout);
		t.deepEqual([found.state, found.held, found.testAccuracy], ['damaged', undefined, undefined], name);
		own.write(file, whole);
	}

	t.is(JSON.parse((await own.run(['runs', '--json'])).stdout)[0].state, 'finished');
});

test('a path below a file, and a link to itself, are refused as a run and as a model', async t => {
	const own = tinyLadder(t);
	symlinkSync('loop', path.join(own.folder, 'loop'));
	for (const [command, exitCode, message] of [
		[['train', '--resume', 'ladder.ts/run'], 2, /ladder\.ts\/run is not a run folder/],
		[['train', '--resume', 'loop'], 2, /loop is not a run folder/],
		[['predict', 'ladder.ts/run', 'data'], 2, /a path that can be followed, got ladder\.ts\/run: not a directory$/],
		[['predict', 'loop', 'data'], 2, /a path that can be followed, got loop: too many symbolic links encountered$/],
	] as const) {
		const ended = await own.run([...command]);
		t.is(ended.exitCode, exitCode, ended.stderr);
		t.regex(ended.stderr, message);
	}

	symlinkSync('1-loop.ts', path.join(own.folder, 'steps', '1-loop.ts'));
	const train = await own.run(['train', '--step', 'tiny', '--epochs', '1']);
	t.is(train.exitCode, 0, train.stderr);
});
