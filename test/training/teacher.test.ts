import {copyFileSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {AbortError, aspectsChanged, DataError, openLadder, resume, type Training, train} from '../../ts/index.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const taught = (settings: string) => `import {defineStep} from 'stepladder';
import tiny from './0-tiny.ts';

export default defineStep({
	name: 'taught',
	from: tiny,
	change: {${settings}},
	target: {why: 'To learn from a model.', testAccuracy: 0.5, heldFor: 2, maxParameters: 4000, maxEpochs: 40},
});
`;

const lastLine = (stdout: string) => JSON.parse(stdout.split('\n').at(-1) ?? '');

/** Returns a ladder whose first step has been trained, and the run's model as `teacher.safetensors`. */
const withTeacher = async (t: Parameters<typeof tinyLadder>[0]) => {
	const ladder = tinyLadder(t);
	const {stdout} = await ladder.run(['train', '--step', 'tiny', '--seeds', '1,2', '--epochs', '8', '--json']);
	const [model, other] = lastLine(stdout).seeds.map(({folder}: {folder: string}) =>
		path.join(folder, 'model.safetensors'),
	);
	copyFileSync(model, path.join(ladder.folder, 'teacher.safetensors'));
	return {ladder, model: model as string, other: other as string};
};

const lossOf = (stdout: string): number => {
	const epochs = stdout
		.split('\n')
		.map(line => JSON.parse(line))
		.filter(({type}) => type === 'epoch');
	return epochs.at(-1).trainLoss;
};

test('a step learns from a model, and its record from the file of that hash', async t => {
	const {ladder, other} = await withTeacher(t);
	ladder.write(
		'steps/1-taught.ts',
		taught("loss: {teacher: {from: 'teacher.safetensors', temperature: 4, weight: 0.8}}"),
	);
	t.is((await openLadder(ladder.folder)).step('taught').aspect, 'teacher');
	const {stdout, stderr, exitCode} = await ladder.run(['train', '--step', 'taught', '--json']);
	t.is(exitCode, 0, stderr);
	const {folder} = lastLine(stdout).seeds[0];
	const {experiment, startFolder} = JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8'));
	const {sha256, ...settings} = experiment.loss.teacher;
	t.deepEqual(settings, {from: 'teacher.safetensors', temperature: 4, weight: 0.8});
	t.regex(sha256, /^[\da-f]{64}$/);
	t.is(startFolder, ladder.folder);
	const labels = await ladder.run(['train', '--step', 'taught', '--set', 'loss.teacher=null', '--json']);
	t.not(lossOf(stdout), lossOf(labels.stdout));

	t.is((await ladder.run(['record', '--step', 'taught', '--seeds', '1'])).exitCode, 0);
	t.deepEqual(JSON.parse(ladder.read('records/1-taught/promise.json')).experiment.loss, {
		teacher: {...settings, sha256},
	});
	t.is((await ladder.run(['record', '--check', '--replay', '--step', 'taught'])).exitCode, 0);

	copyFileSync(other, path.join(ladder.folder, 'teacher.safetensors'));
	const changed = await ladder.run(['record', '--check', '--step', 'taught']);
	t.is(changed.exitCode, 1);
	t.regex(changed.stdout, /`experiment\.loss\.teacher\.sha256` was preregistered as "?[\da-f]{20}/);
	rmSync(path.join(ladder.folder, 'teacher.safetensors'));
	const missing = await ladder.run(['record', '--check', '--step', 'taught']);
	t.is(missing.exitCode, 0, missing.stdout);
	const untrained = await ladder.run(['train', '--step', 'taught']);
	t.is(untrained.exitCode, 5);
	t.regex(untrained.stderr, /teacher\.safetensors is not a model that `stepladder train` saved: /);
	const replayed = await ladder.run(['record', '--check', '--replay', '--step', 'taught']);
	t.is(replayed.exitCode, 5, replayed.stdout);
	t.regex(replayed.stderr, /teacher\.safetensors is not a model that `stepladder train` saved: /);
});

const lossesOf = async (training: Training): Promise<number[]> => {
	const losses = [];
	for await (const event of training) {
		if (event.type === 'epoch') {
			losses.push(event.trainLoss);
		}
	}

	return losses;
};

test('a resumed run finds its teacher from any folder, refuses another, and ends as an unbroken one', async t => {
	const {ladder: own, other} = await withTeacher(t);
	own.write('steps/1-taught.ts', taught("loss: {teacher: {from: 'teacher.safetensors'}}"));
	const ladder = await openLadder(own.folder);
	const [step, out] = [ladder.step('taught'), path.join(own.folder, 'resumed')];
	const stop = new AbortController();
	let folder = '';
	await t.throwsAsync(
		async () => {
			for await (const event of train(step, {data: ladder.data, out, signal: stop.signal})) {
				if (event.type === 'start') {
					folder = event.folder ?? '';
				} else if (event.type === 'epoch') {
					stop.abort();
				}
			}
		},
		{instanceOf: AbortError},
	);
	const file = path.join(own.folder, 'teacher.safetensors');
	const first = readFileSync(file);
	copyFileSync(other, file);
	await t.throwsAsync(resume(folder).result, {instanceOf: DataError, message: /expected the file of sha256 /});
	writeFileSync(file, first);
	const resumed = await lossesOf(resume(folder));
	t.is(resumed.length, 4);
	t.deepEqual(resumed, await lossesOf(train(step, {data: ladder.data})));
});

test('a sweep has a teacher, and compares teachers', async t => {
	const {ladder, model, other} = await withTeacher(t);
	ladder.write('steps/1-taught.ts', taught("loss: {teacher: {from: 'teacher.safetensors'}}"));
	for (const [name, vary] of Object.entries({
		weights: 'loss.teacher.weight=0.5,1',
		teachers: `loss.teacher.from=${model},${other}`,
	})) {
		const flags = ['--holdout', '60', '--seeds', '1', '--epochs', '2', '--name', name];
		const {stderr, exitCode} = await ladder.run(['sweep', '--step', 'taught', '--vary', vary, ...flags]);
		t.is(exitCode, 0, stderr);
	}

	const checked = await ladder.run(['record', '--check']); // of the sweeps; the steps have no record
	const others = checked.stdout.split('\n').filter(line => !line.includes('has not been recorded'));
	t.deepEqual(others, ['2 problems found.']);
});

test('a model that can’t teach is refused by a sentence that names the setting or the file', async t => {
	const {ladder, model} = await withTeacher(t);
	ladder.write('steps/1-taught.ts', taught("loss: {teacher: {from: 'teacher.safetensors'}}"));
	const refused = async (...set: string[]) => {
		const {stderr, exitCode} = await ladder.run(['train', '--step', 'taught', ...set.flatMap(it => ['--set', it])]);
		return {stderr, exitCode};
	};
	const head = '[{"kind":"global-average-pool"},{"kind":"linear","features":12}]';
	const classes = await refused('net.classes=12', `net.head=${head}`);
	t.is(classes.exitCode, 2);
	t.regex(
		classes.stderr,
		/`loss\.teacher\.from` should be a model of images of 1 x 28 x 28 in 12 classes, as the net is, got a model of images of 1 x 28 x 28 in 10 classes/,
	);
	t.regex(
		(await refused('loss.teacher.weight=2')).stderr,
		/`loss\.teacher\.weight` should be a number above 0 and at most 1, got 2/,
	);
	t.regex(
		(await refused('loss.teacher.temprature=2')).stderr,
		/`loss\.teacher\.temprature` \(did you mean `loss\.teacher\.temperature`\?\)/,
	);
	const whole = readFileSync(model);
	whole[whole.length - 1] = (whole.at(-1) ?? 0) ^ 1;
	writeFileSync(path.join(ladder.folder, 'teacher.safetensors'), whole);
	const damaged = await refused();
	t.is(damaged.exitCode, 5);
	t.regex(damaged.stderr, /teacher\.safetensors is not a model .*: it was damaged after it was written/);
});

test('a teacher is an aspect beside the other settings of the loss', async t => {
	const {experiment} = (await openLadder(tinyLadder(t).folder)).step('tiny');
	const teacher = {from: 'runs/latest'};
	const aspects = (loss: object) => aspectsChanged(experiment, {...experiment, loss});
	t.deepEqual(aspects({}), []);
	t.deepEqual(aspects({teacher}), ['teacher']);
	t.deepEqual(aspects({classWeights: 'balanced'}), ['loss']);
	t.deepEqual(aspects({teacher, classWeights: 'balanced'}), ['teacher', 'loss']);
	const before = {...experiment, loss: {teacher}};
	t.deepEqual(aspectsChanged(before, {...experiment, loss: {teacher: {...teacher, weight: 1}}}), ['teacher']);
	t.deepEqual(aspectsChanged(before, experiment), ['teacher']);
});
