import {readFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {imbalancedLadder} from '../helpers/imbalanced-ladder.js';

const target = "metric: 'balancedAccuracy', atLeast: 0.9";

test('balanced weights are preregistered with the images of each class that they follow from', async t => {
	const ladder = imbalancedLadder(t, {mark: 255, target});
	const file = 'steps/0-parts.ts';
	const balanced = "labelSmoothing: 0, loss: {classWeights: 'balanced'},";
	ladder.write(file, ladder.read(file).replace('labelSmoothing: 0,', balanced));
	const recorded = await ladder.run(['record', '--step', 'parts', '--seeds', '1-2']);
	t.is(recorded.exitCode, 0, recorded.stderr);
	const promise = JSON.parse(ladder.read('records/0-parts/promise.json'));
	t.deepEqual(promise.classCounts, [380, 20]);
	t.deepEqual(promise.experiment.loss, {classWeights: 'balanced'});
	t.is((await ladder.run(['record', '--check'])).exitCode, 0);

	ladder.write(file, ladder.read(file).replace("'balanced'", '[1, 19]'));
	const {stdout, exitCode} = await ladder.run(['record', '--check']);
	t.is(exitCode, 1);
	t.regex(
		stdout,
		/`experiment\.loss\.classWeights` was preregistered as "?balanced"?, and is \[1, ?19\] in the step now/,
	);
});

test('a run keeps the images of each class among those that it trains on, and other losses keep none', async t => {
	const ladder = imbalancedLadder(t, {mark: 0, target});
	const config = async (...flags: string[]) => {
		const {stdout, stderr, exitCode} = await ladder.run(['train', '--step', 'parts', '--json', ...flags]);
		t.is(exitCode, 0, stderr);
		const [{folder, constant}] = JSON.parse(stdout.split('\n').at(-1) ?? '').seeds;
		const {classCounts} = JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8'));
		return {classCounts, constant};
	};
	const weighted = ['--set', 'loss={"classWeights":"balanced"}'];
	t.deepEqual(await config(), {classCounts: undefined, constant: 'good'});
	// Of noise nothing can be learned: with equal weights in all, both classes are answered.
	t.deepEqual(await config(...weighted), {classCounts: [380, 20], constant: undefined});
	t.deepEqual((await config(...weighted, '--holdout', '100')).classCounts, [285, 15]);
	t.deepEqual(await config('--set', 'loss={"classWeights":[1,19]}'), {classCounts: undefined, constant: undefined});
});
