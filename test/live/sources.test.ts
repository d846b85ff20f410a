import {appendFileSync, cpSync, mkdirSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {folderSource} from '../../ts/live/folder-source.js';
import {LiveRuns} from '../../ts/live/live-run.js';
import {runSource} from '../../ts/live/run-source.js';
import {sweepSource} from '../../ts/live/sweep-source.js';
import {progressOf, secondsLeft} from '../../ts/live/time-left.js';
import {listRuns} from '../../ts/runs/list-runs.js';
import {progressFolders} from '../../ts/sweep/progress-folder.js';
import {temporaryFolder} from '../helpers/folder.js';
import type {OwnLadder} from '../helpers/own-ladder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

let own: Promise<OwnLadder> | undefined;

/** Trains two seeds once for all tests, which copy the runs. */
const trained = async (): Promise<OwnLadder> => {
	own ??= (async () => {
		const ladder = tinyLadder({teardown: end => process.once('exit', end)});
		await ladder.run(['train', '--step', 'tiny', '--seeds', '1,2', '--holdout', '100', '--quiet']);
		return ladder;
	})();
	return own;
};

/** Copies a finished run, and makes it one that was interrupted after some epochs. */
const interrupted = (folder: string, to: string, epochs: number, read: (file: string) => string): void => {
	cpSync(folder, to, {recursive: true});
	rmSync(path.join(to, 'result.json'));
	const lines = read(path.join(folder, 'events.jsonl')).split('\n');
	writeFileSync(path.join(to, 'events.jsonl'), `${lines.slice(0, epochs).join('\n')}\n{"type":"epo`);
};

const copies = async (t: Parameters<typeof temporaryFolder>[0]) => {
	const ladder = await trained();
	const [second = '', first = ''] = listRuns(path.join(ladder.folder, 'runs')).map(({folder}) => folder);
	const read = (file: string): string => ladder.read(path.relative(ladder.folder, file));
	const place = temporaryFolder(t);
	const [finished, cut] = [path.join(place, 'a'), path.join(place, 'b')];
	cpSync(first, finished, {recursive: true});
	interrupted(second, cut, 2, read);
	return {finished, cut, line: read(path.join(second, 'events.jsonl')).split('\n')[2] ?? ''};
};

test('runs are read from their folders: finished, interrupted in mid-line, and after more epochs', async t => {
	const {finished, cut, line} = await copies(t);
	const live = new LiveRuns();
	const read = () => live.read([finished, cut]).map(({state, epochs, of}) => [state, epochs.length, of]);
	t.deepEqual(read(), [
		['finished', 4, 4],
		['interrupted', 2, 4],
	]);
	appendFileSync(path.join(cut, 'events.jsonl'), line.slice('{"type":"epo'.length));
	t.deepEqual(read()[1], ['interrupted', 2, 4], 'a line counts once it is whole');
	appendFileSync(path.join(cut, 'events.jsonl'), '\n');
	t.deepEqual(read()[1], ['interrupted', 3, 4]);
});

test('a run that is removed while it is shown keeps its epochs, and a damaged one its last readable state', async t => {
	const {finished, cut} = await copies(t);
	const source = runSource('Runs', () => [finished, cut]);
	const before = source.version();
	const signal = new AbortController().signal;
	t.regex((await source.draw(signal)).text, /1 of 2 runs finished, 6 of 8 epochs, 1 interrupted/);
	rmSync(cut, {recursive: true});
	t.not(source.version(), before);
	const {text} = await source.draw(signal);
	t.regex(text, /1 of 2 runs finished, 6 of 8 epochs, 1 removed/);
	t.regex(text, /<td>2\/4<\/td>/);
	writeFileSync(path.join(finished, 'events.jsonl'), 'nonsense\n');
	t.regex((await source.draw(signal)).text, /0 of 2 runs finished, 6 of 8 epochs, 1 removed, 1 damaged/);
	t.deepEqual(new LiveRuns().read([finished, path.join(cut, 'never')]), [], 'what was never readable is left out');
});

test('a page of runs has a row and curves a seed, accuracy by class, and says why there are no validation images', async t => {
	const {finished, cut} = await copies(t);
	const {text} = await runSource('Runs', () => [finished, cut]).draw(new AbortController().signal);
	for (const title of [
		'Validation accuracy, %',
		'Test accuracy, %',
		'Gap, points',
		'Validation loss',
		'Learning rate',
	]) {
		t.true(text.includes(`<p class="title">${title}</p>`), title);
	}

	t.regex(text, /<h2>Accuracy by class: tiny<\/h2>/);
	t.is(text.match(/<td>[\d.]+<\/td><td>6<\/td><\/tr>/g)?.length, 10, 'of 60 test images, six of each digit');
	t.regex(text, /None to show: the data have no validation set\./);
});

/** Makes as much of a run as its progress depends on. */
const runOf = (seed: number, seconds: readonly number[], state: 'training' | 'finished', seeds = [1, 2, 3, 4]) =>
	({
		...{seed, state, of: 10, command: {id: 'a', seeds}},
		epochs: seconds.map(seconds => ({seconds})),
	}) as unknown as Parameters<typeof secondsLeft>[0];

test('the time left follows from the durations of epochs, runs that wait included', t => {
	const two = [2, 2];
	const runs = [runOf(1, two, 'training'), runOf(2, two, 'training')];
	// 8 + 8 + 10 + 10 epochs of 2 s, two at once
	t.deepEqual(progressOf(runs), {epochs: 4, of: 40, finished: 0, runs: 4, secondsLeft: 36});
	t.is(secondsLeft(runOf(1, two, 'training')), 16);
	// one run alone can't be shared: 10 epochs
	t.is(progressOf([runOf(1, [], 'training', [1]), runOf(2, [2], 'finished', [2])]).secondsLeft, 20);
	t.is(progressOf([runOf(1, [], 'training', [1])]).secondsLeft, undefined);
	t.is(progressOf([runOf(1, [5], 'finished', [1])]).secondsLeft, undefined);
});

test('a page of a sweep has a row a trial, with the seeds that have begun', async t => {
	const source = sweepSource('Sweep of tiny');
	const signal = new AbortController().signal;
	const none = {holdoutAccuracy: undefined, diverged: false};
	t.regex((await source.draw(signal)).text, /No run has begun yet/);
	const of = {epochs: 2, done: 1, of: 5, epochsDone: 5, epochsOf: 10, secondsLeft: 75};
	const tell = (
		trial: string,
		seed: number,
		type: 'begun' | 'epoch' | 'finished',
		epoch: number,
		accuracy?: number,
		diverged = false,
	) => {
		source.tell({...of, trial, seed, type, epoch, holdoutAccuracy: accuracy, diverged});
	};
	tell('unchanged', 1, 'begun', 0);
	const before = source.version();
	tell('unchanged', 1, 'epoch', 1, 0.5);
	t.not(source.version(), before);
	tell('unchanged', 2, 'epoch', 1, 0.7);
	tell('unchanged', 2, 'epoch', 2, 0.9);
	tell('unchanged', 2, 'finished', 2, 0.9);
	tell('batchSize <8>', 1, 'finished', 0, undefined, true);
	const {text} = await source.draw(signal);
	t.regex(text, /1 of 5 runs finished, 1 of them before this command, 5 of 10 epochs, about 01:15 left/);
	// the deviation of 0.5 and 0.9 is 0.2828
	t.regex(
		text,
		/<tr><td>unchanged<\/td><td>70\.00 ± 28\.28<\/td><td>2<\/td><td>3\/4<\/td><td>1 in training, 1 finished<\/td><\/tr>/,
	);
	t.regex(text, /<tr><td>batchSize &lt;8&gt;<\/td><td>-<\/td><td>1<\/td><td>0\/2<\/td><td>1 diverged<\/td><\/tr>/);
	t.is(text.match(/<svg /g)?.length, 2, 'validation accuracy, and each seed on demand');
	// a rung of successive halving later, the run goes on
	source.tell({...of, epochs: 4, trial: 'batchSize <16>', seed: 1, type: 'finished', epoch: 1, ...none});
	source.tell({...of, epochs: 8, trial: 'batchSize <16>', seed: 1, type: 'begun', epoch: 1, ...none});
	t.regex(
		(await source.draw(signal)).text,
		/batchSize &lt;16&gt;<\/td><td>-<\/td><td>1<\/td><td>0\/8<\/td><td>1 in training/,
	);
});

test('a sweep of another process is shown from its folder, up to its last whole line', async t => {
	const out = temporaryFolder(t);
	const folder = path.join(out, 'sweeps', 'progress', 'nets-0123abcd');
	mkdirSync(folder, {recursive: true});
	t.deepEqual(progressFolders(out), [], 'before anything is written');
	const file = path.join(folder, 'sweep.jsonl');
	const event = {
		...{type: 'epoch', trial: 'net <b>', seed: 7, epoch: 1, epochs: 4, holdoutAccuracy: 0.5, diverged: false},
		...{done: 0, of: 2, epochsDone: 1, epochsOf: 8, secondsLeft: 75},
	};
	writeFileSync(file, `${JSON.stringify({name: 'nets', step: 'tiny'})}\n${JSON.stringify(event)}\n{"type":"epo`);
	t.deepEqual(progressFolders(out), [folder]);
	t.deepEqual(progressFolders(folder), [folder]);
	const source = folderSource('Runs', () => ({runs: [], sweeps: progressFolders(out)}));
	const draw = async () => (await source.draw(new AbortController().signal)).text;
	const first = await draw();
	t.regex(first, /<h2>Sweep nets of tiny: interrupted<\/h2>/, 'nobody holds its lock');
	t.regex(first, /0 of 2 runs finished, 1 of 8 epochs<\/p>/, 'no time left');
	t.regex(first, /<td>net &lt;b&gt;<\/td><td>50\.00<\/td><td>1<\/td><td>1\/4<\/td><td>1 interrupted<\/td>/);
	t.notRegex(first, /No run has begun yet/);
	appendFileSync(file, `ch",${JSON.stringify({...event, seed: 8}).slice('{"type":"epoch",'.length)}\n`);
	t.regex(
		await draw(),
		/<td>50\.00 ± 0\.00<\/td><td>2<\/td><td>2\/8<\/td><td>2 interrupted<\/td>/,
		'the rest of the line',
	);
	const before = source.version();
	rmSync(file); // as another command does
	writeFileSync(
		file,
		`${JSON.stringify({name: 'nets', step: 'tiny'})}\n${JSON.stringify({...event, type: 'finished', done: 2})}\n`,
	);
	t.not(source.version(), before);
	const next = await draw();
	t.regex(next, /<h2>Sweep nets of tiny: finished<\/h2>/);
	t.regex(next, /<td>1<\/td><td>1\/4<\/td><td>1 finished<\/td>/, 'what the earlier command had written is gone');
	appendFileSync(file, '{"type":"rested"}\n');
	for (const _ of [1, 2]) {
		t.regex(await draw(), /Its progress can’t be read: .*nets-0123abcd\/sweep\.jsonl, line 3/);
	}

	rmSync(folder, {recursive: true});
	t.regex(await draw(), /No run has begun yet/);
});
