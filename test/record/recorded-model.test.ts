import {copyFileSync, readdirSync, readFileSync, renameSync, rmSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {ConfigError, loadModel, openLadder, RecordError, recordedModel} from '../../ts/index.js';
import type {OwnLadder} from '../helpers/own-ladder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

/** The folder of a seed's only run for the record. */
const runOf = (own: OwnLadder, seed: number, parent = 'runs/records/tiny'): string => {
	const [run = ''] = readdirSync(path.join(own.folder, parent)).filter(name => name.endsWith(`-s${seed}`));
	return path.join(own.folder, parent, run);
};

test('a recorded seed is a model wherever one is named: by its step, or by the folder of its record', async t => {
	const own = tinyLadder(t);
	t.is((await own.run(['record', '--step', 'tiny', '--seeds', '1,2'])).exitCode, 0);
	const file = path.join(runOf(own, 2), 'model.safetensors');
	for (const name of ['tiny:2', 'records/0-tiny:2']) {
		const inspected = await own.run(['inspect', name, '--json']);
		t.is(JSON.parse(inspected.stdout).file, file);
		t.is(
			inspected.stderr,
			`${name} is the model of ${path.relative(own.folder, path.dirname(file))}, which gives the recorded predictions`,
		);
	}

	const elsewhere = await own.run(['inspect', path.join(own.folder, 'records/0-tiny:1'), '--json'], {cwd: 'data'});
	t.is(JSON.parse(elsewhere.stdout).file, path.join(runOf(own, 1), 'model.safetensors'));
	const [evaluated, byFolder] = [
		await own.run(['evaluate', 'tiny:2', '--json']),
		await own.run(['evaluate', runOf(own, 2), '--json']),
	];
	t.deepEqual(JSON.parse(evaluated.stdout), JSON.parse(byFolder.stdout));
	const predicted = await own.run(['predict', 'tiny:2', 'data/t10k-images-idx3-ubyte:0-2', '--json']);
	t.is(predicted.stdout.split('\n').length, 3);
	const exported = await own.run(['export', 'tiny:2', '--format', 'js']);
	t.is(exported.exitCode, 0, exported.stderr);
	t.deepEqual(readFileSync(path.join(own.folder, 'exports/tiny-js/model.safetensors')), readFileSync(file));

	// a place that exists is taken before a step of that name
	own.copy(path.relative(own.folder, runOf(own, 1)), 'tiny:2');
	const place = await own.run(['inspect', 'tiny:2', '--json']);
	t.is(JSON.parse(place.stdout).file, path.join('tiny:2', 'model.safetensors'));
});

test('without its run a recorded seed has no model, until it is trained again to the same bits', async t => {
	const own = tinyLadder(t);
	await own.run(['record', '--step', 'tiny', '--seeds', '1,2']);
	renameSync(path.join(own.folder, 'runs'), path.join(own.folder, 'lost'));
	const missing = await own.run(['inspect', 'tiny:1']);
	t.is(missing.exitCode, 5);
	t.regex(
		missing.stderr,
		/records.0-tiny: a record keeps no weights, and no finished run in runs has the epochs and predictions of its seed 1: train it again with `.*train.* --step tiny --seeds 1`, to the same bits$/,
	);

	await own.run(['train', '--step', 'tiny', '--seeds', '1', '--epochs', '3']); // of the same seed, but another run
	t.is((await own.run(['inspect', 'tiny:1'])).exitCode, 5);
	await own.run(['train', '--step', 'tiny', '--seeds', '1']);
	const ladder = await openLadder(own.folder);
	const folder = await recordedModel(ladder, 'tiny', 1);
	t.is(path.dirname(folder), path.join(own.folder, 'runs/tiny'));
	t.is((await loadModel(folder)).classes.length, 10);
});

test('a model that is not the one that the run wrote is refused', async t => {
	const own = tinyLadder(t);
	await own.run(['record', '--step', 'tiny', '--seeds', '1,2']);
	copyFileSync(path.join(runOf(own, 2), 'model.safetensors'), path.join(runOf(own, 1), 'model.safetensors'));
	const {exitCode, stderr} = await own.run(['evaluate', 'tiny:1']);
	t.is(exitCode, 5);
	t.regex(
		stderr,
		/-s1.model\.safetensors: it answers otherwise than its run did for \d+ of 60 test images, so it is another model; restore it, or train the seed again$/,
	);
});

test('unknown seeds, steps without a record and records without a seed are errors', async t => {
	const own = tinyLadder(t);
	const ladder = await openLadder(own.folder);
	await t.throwsAsync(recordedModel(ladder, 'tiny', 1), {
		instanceOf: RecordError,
		message: /`tiny` has not been recorded/,
	});
	await t.throwsAsync(recordedModel(ladder, 'tinny', 1), {instanceOf: ConfigError, message: /tinny/});
	await own.run(['record', '--step', 'tiny', '--seeds', '1,2']);
	await t.throwsAsync(recordedModel(ladder, 'tiny', 3), {
		instanceOf: ConfigError,
		message: '`seed` should be a seed of the record of `tiny`: seeds 1, 2, got 3',
	});
	const whole = await own.run(['inspect', 'records/0-tiny']);
	t.regex(
		whole.stderr,
		/records\/0-tiny: it is a record, which keeps no weights: name one of its seeds, as in `records\/0-tiny:1`$/,
	);
	rmSync(path.join(own.folder, 'data'), {recursive: true});
	t.is((await own.run(['inspect', 'tiny:1'])).exitCode, 5);
});
