import {cpSync, readdirSync, rmSync} from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {ConfigError, compareRuns} from '../../ts/index.js';
import {resealRun} from '../helpers/forger.js';
import {writeIdx} from '../helpers/idx.js';
import type {OwnLadder} from '../helpers/own-ladder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const train = async (t: ExecutionContext, own: OwnLadder, ...flags: string[]): Promise<void> => {
	const {exitCode, stderr} = await own.run(['train', '--step', 'tiny', '--quiet', ...flags]);
	t.is(exitCode, 0, stderr);
};

const foldersOf = (own: OwnLadder, of: string): string[] =>
	readdirSync(path.join(own.folder, of))
		.toSorted()
		.map(name => path.join(own.folder, of, name));

test('runs are compared by settings, paired by seed, and a trial is named as one', async t => {
	const own = tinyLadder(t);
	await train(t, own, '--seeds', '1-3');
	await train(t, own, '--seeds', '2-4', '--set', 'net.block.dropout=0.5');
	const {stdout, exitCode, stderr} = await own.run(['compare', 'runs/latest', 'runs/tiny']);
	t.is(exitCode, 0, stderr);
	t.regex(
		stdout,
		/^tiny, trial net\.block\.dropout 0\.5 minus tiny, paired over 2 seeds\nA: tiny, trial net\.block\.dropout 0\.5\nB: tiny\nFrom B to A: dropout 0\.1 -> 0\.5\n/,
	);
	t.regex(stdout, /^training accuracy while learning, in the last epoch +\d+\.\d\d +\d+\.\d\d +-?\d+\.\d\d /m);
	t.regex(stdout, /^Seed +only A +only B +p\n-+\n2 +\d+ +\d+ +\S+\n3 +\d+ +\d+ +\S+\n/m);

	// the figures agree with those in the folders
	const {comparisons, notes} = JSON.parse((await own.run(['compare', 'runs/tiny', '--json'])).stdout);
	t.deepEqual(notes, [
		'tiny: trained for 4 epochs, fewer than the 5 that measures use.',
		'tiny, trial net.block.dropout 0.5: trained for 4 epochs, fewer than the 5 that measures use.',
	]);
	const [{a, b, seeds, measures, images, differs}] = comparisons;
	t.deepEqual([a, b, seeds], ['tiny', 'tiny, trial net.block.dropout 0.5', [2, 3]]);
	t.is(differs, 'dropout 0.5 -> 0.1');
	const results = foldersOf(own, 'runs/tiny').map(folder => path.relative(own.folder, folder));
	const gaps = [2, 3].map(seed => {
		const [first, second] = results
			.filter(folder => folder.endsWith(`-s${seed}`))
			.map(folder => JSON.parse(own.read(path.join(folder, 'result.json'))).trainCleanCorrect / 400);
		return Number(first) - Number(second);
	});
	const {difference} = measures.find(({measure}: {measure: string}) => measure === 'trainClean');
	t.true(Math.abs(difference - (Number(gaps[0]) + Number(gaps[1])) / 2) < 1e-12);
	t.deepEqual(
		images.map(({seed}: {seed: number}) => seed),
		[2, 3],
	);
});

test('a record is compared with several groups of runs, corrected for their number', async t => {
	const own = tinyLadder(t);
	t.is((await own.run(['record', '--step', 'tiny', '--seeds', '1-3'])).exitCode, 0);
	await train(t, own, '--seeds', '1-3', '--set', 'schedule.learningRate=0.001');
	await train(t, own, '--seeds', '1-3', '--set', 'schedule.learningRate=0.002');
	const {stdout, exitCode, stderr} = await own.run(['compare', 'tiny', 'runs/tiny', '--json']);
	t.is(exitCode, 0, stderr);
	const {comparisons} = JSON.parse(stdout);
	t.deepEqual(
		comparisons.map(({a, b}: Record<string, string>) => [a, b]),
		[
			['tiny', 'tiny, trial schedule.learningRate 0.001'],
			['tiny', 'tiny, trial schedule.learningRate 0.002'],
		],
	);
	const primary = comparisons.map(({measures}: {measures: Array<Record<string, unknown>>}) =>
		measures.find(({measure}) => measure === 'test'),
	);
	const least = primary.toSorted((a: {pValue: number}, b: {pValue: number}) => a.pValue - b.pValue)[0];
	t.is(least.corrected, Math.min(1, 2 * least.pValue));
	const text = (await own.run(['compare', 'tiny', 'runs/tiny'])).stdout;
	t.regex(text, /its p is corrected for 2 comparisons, /);

	// the record's own runs are the same experiment in another folder
	const same = await own.run(['compare', 'tiny', 'runs/records']);
	t.is(same.exitCode, 0, same.stderr);
	t.regex(same.stdout, /^tiny, recorded minus tiny, paired over 3 seeds\n.*: no setting differs$/m);
});

test('a comparison without a common seed, or without two finished groups, is refused with the reason', async t => {
	const own = tinyLadder(t);
	await train(t, own, '--seeds', '1,2');
	await train(t, own, '--seeds', '3', '--set', 'batchSize=16');
	const apart = await own.run(['compare', 'runs/tiny']);
	t.is(apart.exitCode, 2, apart.stdout);
	t.is(
		apart.stderr,
		'stepladder: No common seed: `tiny` has 1, 2; `tiny, trial batchSize 16` has 3. Train one with a seed of the other.',
	);

	const [first = '', , trial = ''] = foldersOf(own, 'runs/tiny');
	rmSync(path.join(trial, 'result.json')); // like an interrupted run
	const unfinished = await own.run(['compare', 'runs/tiny']);
	t.is(unfinished.exitCode, 2);
	t.regex(
		unfinished.stderr,
		/: comparing needs two finished runs or recorded steps\. Left out, unfinished: tiny, trial batchSize 16, seed 3 has 4 of 4 epochs\.$/,
	);
	const alone = await own.run(['compare', path.relative(own.folder, first)]);
	t.is(alone.exitCode, 2);
	t.regex(alone.stderr, /^stepladder: name another run or step to compare tiny with$/);

	own.write('old/run/config.json', '{}');
	for (const command of ['compare', 'report']) {
		const old = await own.run([command, 'old']);
		t.is(old.exitCode, 2);
		t.regex(
			old.stderr,
			/^stepladder: there is no readable run in old\. Left out: old\/run, whose config\.json this version can’t read\.$/,
		);
	}

	for (const [name, sentence] of [
		['none', /^stepladder: there is no folder none; there is no step "none" in Bars: its steps are tiny$/],
		['./none', /^stepladder: there is no folder \.\/none$/],
		['data', /^stepladder: there are no runs in data$/],
		['ladder.ts', /^stepladder: there are no runs in ladder\.ts$/],
	] as const) {
		const {exitCode, stderr} = await own.run(['compare', 'runs/tiny', name]);
		t.is(exitCode, 2, stderr);
		t.regex(stderr, sentence);
	}
});

test('runs on other images are refused, and limits, unfinished and repeated runs are listed', async t => {
	const own = tinyLadder(t);
	await train(t, own, '--seeds', '1,2');
	await train(t, own, '--limit-test', '30', '--out', 'few');
	const limited = await own.run(['compare', 'runs', 'few']);
	t.is(limited.exitCode, 5, limited.stdout);
	t.regex(
		limited.stderr,
		/: it was evaluated on 60 test images and `tiny, 30 test images` on 30, so the two can’t be compared$/,
	);

	own.write('other/.keep', '');
	writeIdx(path.join(own.folder, 'other'), 200, 40);
	await train(t, own, '--data-dir', 'other', '--out', 'elsewhere');
	const other = await own.run(['compare', 'runs', 'elsewhere']);
	t.is(other.exitCode, 5, other.stdout);
	t.regex(other.stderr, /was trained on other data .* so the two can’t be compared$/);

	await train(t, own, '--seeds', '1,2', '--limit-train', '200');
	await train(t, own, '--seeds', '2');
	const [, second = ''] = foldersOf(own, 'runs/tiny');
	cpSync(second, `${second}-copy`, {recursive: true});
	const {comparisons, notes} = await compareRuns([path.join(own.folder, 'runs')]);
	t.deepEqual(
		comparisons.map(({a, b, seeds}) => ({a, b, seeds})),
		[{a: 'tiny', b: 'tiny, 200 training images', seeds: [1, 2]}],
	);
	t.is(notes.length, 4);
	t.regex(notes[0] ?? '', /^tiny: seed 2 was run 3 times\. .* is used, the 2 others are ignored\.$/);
	t.is(notes[2], 'tiny, 200 training images: trained on 200 of 400 training images.');
});

test('a modified run is refused, and one whose images are missing is compared by the classes that it keeps', async t => {
	const own = tinyLadder(t);
	await train(t, own, '--seeds', '1');
	await train(t, own, '--seeds', '1', '--set', 'batchSize=16');
	const [folder = ''] = foldersOf(own, 'runs/tiny').map(run => path.relative(own.folder, run));
	const events = own.read(path.join(folder, 'events.jsonl'));
	own.write(path.join(folder, 'events.jsonl'), events.replace(/"trainCorrect":\d+/, '"trainCorrect":400'));
	const forged = await own.run(['compare', 'runs/tiny']);
	t.is(forged.exitCode, 5, forged.stdout);
	t.regex(forged.stderr, /events\.jsonl: it is not what the run wrote; remove the run’s folder, or train again$/);

	own.write(path.join(folder, 'events.jsonl'), events);
	rmSync(path.join(own.folder, 'data'), {recursive: true});
	const kept = await own.run(['compare', 'runs/tiny']);
	t.is(kept.exitCode, 0);
	t.regex(kept.stdout, /McNemar/);
	t.notRegex(kept.stdout, /are not compared/);

	// Runs of earlier versions do not have the classes.
	for (const run of foldersOf(own, 'runs/tiny')) {
		const file = path.join(path.relative(own.folder, run), 'predictions.json');
		const {labels, probabilities} = JSON.parse(own.read(file));
		own.write(file, JSON.stringify({labels, probabilities}));
		resealRun(run);
	}

	const {stdout, exitCode} = await own.run(['compare', 'runs/tiny']);
	t.is(exitCode, 0);
	t.notRegex(stdout, /McNemar|macro F1|By class/);
	t.regex(stdout, /\nPredictions on .* are not compared: /);
});

test('invalid names, and a step without a ladder, are refused with a typed error', async t => {
	for (const names of [[], [''], 'runs', undefined, [1]]) {
		await t.throwsAsync(compareRuns(names as string[]), {
			instanceOf: ConfigError,
			message: /^`runs` should be a list of folders/,
		});
	}

	await t.throwsAsync(compareRuns(['wider', 'baseline']), {
		instanceOf: ConfigError,
		message: 'there is no folder wider; `ladder` should be given, since a step is named, got undefined',
	});
});
