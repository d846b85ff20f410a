import {copyFileSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {AbortError, DataError, openLadder, resume, train} from '../../ts/index.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const further = (change: string) => `import {defineStep} from 'stepladder';
import tiny from './0-tiny.ts';

export default defineStep({
	name: 'further',
	from: tiny,
	change: {${change}},
	target: {why: 'To start from what is known.', testAccuracy: 0.5, heldFor: 2, maxParameters: 4000, maxEpochs: 40},
});
`;

const lastLine = (stdout: string) => JSON.parse(stdout.split('\n').at(-1) ?? '');

test('a step starts from a run, and its record from the file of that hash', async t => {
	const ladder = tinyLadder(t);
	const first = await ladder.run(['train', '--step', 'tiny', '--epochs', '1', '--json']);
	t.is(first.exitCode, 0, first.stderr);
	copyFileSync(
		path.join(lastLine(first.stdout).seeds[0].folder, 'model.safetensors'),
		path.join(ladder.folder, 'start.safetensors'),
	);
	ladder.write('steps/1-further.ts', further("start: {from: 'start.safetensors', freeze: ['body']}"));
	const {stdout, stderr, exitCode} = await ladder.run(['train', '--step', 'further', '--seeds', '1,2', '--json']);
	t.is(exitCode, 0, stderr);
	t.is(stderr, 'Starting weights: 7 tensors loaded');
	const {folder} = lastLine(stdout).seeds[0];
	const {loaded} = JSON.parse(readFileSync(path.join(folder, 'result.json'), 'utf8'));
	t.deepEqual(loaded, {sha256: loaded.sha256, loaded: 7, fresh: [], unused: []});
	const {experiment, startFolder} = JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8'));
	t.is(experiment.start.sha256, loaded.sha256);
	t.is(startFolder, ladder.folder);

	t.is((await ladder.run(['record', '--step', 'further', '--seeds', '1'])).exitCode, 0);
	const promise = JSON.parse(ladder.read('records/1-further/promise.json'));
	t.deepEqual(promise.experiment.start, {from: 'start.safetensors', freeze: ['body'], sha256: loaded.sha256});
	t.is((await ladder.run(['record', '--check', '--step', 'further'])).exitCode, 0);

	const elsewhere = path.join(lastLine(stdout).seeds[1].folder, 'model.safetensors');
	copyFileSync(elsewhere, path.join(ladder.folder, 'start.safetensors'));
	const changed = await ladder.run(['record', '--check', '--step', 'further']);
	t.is(changed.exitCode, 1);
	t.regex(changed.stdout, /`experiment\.start\.sha256` was preregistered as "?[\da-f]{20}/);
	rmSync(path.join(ladder.folder, 'start.safetensors'));
	const missing = await ladder.run(['record', '--check', '--step', 'further']);
	t.is(missing.exitCode, 0, missing.stdout);
	const untrained = await ladder.run(['train', '--step', 'further']);
	t.is(untrained.exitCode, 5);
	t.regex(untrained.stderr, /start\.safetensors: expected a safetensors file of weights to start from, found /);
});

test('tensors that do not match are listed, and a sweep starts from the same file', async t => {
	const ladder = tinyLadder(t);
	const first = await ladder.run(['train', '--step', 'tiny', '--epochs', '1', '--out', 'first', '--json']);
	const from = lastLine(first.stdout).seeds[0].folder;
	const head = `[{kind: 'conv', channels: 12, kernel: 5, padding: 0, bias: true}, {kind: 'conv', channels: 10, kernel: 1, padding: 0, bias: true}, {kind: 'flatten'}]`;
	ladder.write('steps/1-wide.ts', further(`net: {head: ${head}}`).replace("'further'", "'wide'"));
	const set = `start=${JSON.stringify({from, freeze: ['body.1']})}`;
	const {stderr, exitCode} = await ladder.run(['train', '--step', 'wide', '--epochs', '1', '--set', set]);
	t.is(exitCode, 0, stderr);
	t.is(
		stderr.trim(),
		'Starting weights: 5 tensors loaded; ' +
			'not in the file, and so initialised: head.0.conv.weight, head.0.conv.bias, head.1.conv.weight, head.1.conv.bias; ' +
			'not used: head.0.conv.bias, head.0.conv.weight',
	);
	const nowhere = await ladder.run([
		'train',
		'--step',
		'wide',
		'--set',
		'start={"from":"nowhere","freeze":["head.2"]}',
	]);
	t.is(nowhere.exitCode, 2);
	t.regex(
		nowhere.stderr,
		/`start\.freeze\.0` should be the path of a layer with parameters, such as `body\.0`, got `head\.2`/,
	);

	ladder.write('steps/2-further.ts', further(`start: {from: '${from}'}`));
	const swept = await ladder.run([
		...['sweep', '--step', 'further', '--vary', 'schedule.learningRate=0.01,0.02'],
		...['--holdout', '60', '--seeds', '1', '--epochs', '1'],
	]);
	t.is(swept.exitCode, 0, swept.stderr);
});

test('a sweep compares files to start from, though the step names one with its hash', async t => {
	const ladder = tinyLadder(t);
	const trained = await ladder.run(['train', '--step', 'tiny', '--seeds', '1,2', '--epochs', '1', '--json']);
	const [first, second] = lastLine(trained.stdout).seeds.map(({folder}: {folder: string}) => folder);
	ladder.write('steps/1-further.ts', further(`start: {from: '${first}'}`));
	const {stderr, exitCode} = await ladder.run([
		...['sweep', '--step', 'further', '--vary', `start.from=${first},${second}`],
		...['--holdout', '60', '--seeds', '1', '--epochs', '1'],
	]);
	t.is(exitCode, 0, stderr);
	const checked = await ladder.run(['record', '--check']); // of the sweeps; the steps have no record
	const others = checked.stdout.split('\n').filter(line => !line.includes('has not been recorded'));
	t.deepEqual(others, ['2 problems found.']);
});

test('a resumed run finds the file from any folder, and refuses another', async t => {
	const own = tinyLadder(t);
	const first = await own.run(['train', '--step', 'tiny', '--epochs', '1', '--json']);
	const file = path.join(own.folder, 'start.safetensors');
	copyFileSync(path.join(lastLine(first.stdout).seeds[0].folder, 'model.safetensors'), file);
	own.write('steps/1-further.ts', further("start: {from: 'start.safetensors'}"));
	const ladder = await openLadder(own.folder);
	const stop = new AbortController();
	const out = path.join(own.folder, 'runs');
	const training = train(ladder.step('further'), {data: ladder.data, out, signal: stop.signal});
	let folder = '';
	await t.throwsAsync(
		async () => {
			for await (const event of training) {
				if (event.type === 'start') {
					folder = event.folder ?? '';
					t.is(event.loaded?.loaded, 7);
				} else if (event.type === 'epoch') {
					stop.abort();
				}
			}
		},
		{instanceOf: AbortError},
	);
	const whole = readFileSync(file);
	const other = Buffer.from(whole);
	other[other.length - 1] = (other.at(-1) ?? 0) ^ 1;
	writeFileSync(file, other);
	await t.throwsAsync(resume(folder).result, {instanceOf: DataError});
	writeFileSync(file, whole);
	t.is((await resume(folder).result).seeds.length, 1);
});
