import {chmodSync, mkdirSync, readdirSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import type {OwnLadder} from '../helpers/own-ladder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

/** Runs `bench` with a program in the place of Python, which gets the script's path and answers by its name. */
const benchWith = async (own: OwnLadder, answers: string, words: readonly string[] = []) => {
	own.write('python', `#!/bin/sh\ncase "$1" in\n${answers}\nesac\n`);
	chmodSync(path.join(own.folder, 'python'), 0o755);
	mkdirSync(path.join(own.folder, 'temporary'));
	const command = ['bench', '--step', 'tiny', '--rounds', '2', '--python', './python', ...words];
	const outcome = await own.run(command, {env: {TMPDIR: path.join(own.folder, 'temporary')}});
	const left = readdirSync(path.join(own.folder, 'temporary')).filter(name => name.startsWith('stepladder-bench'));
	return {...outcome, left};
};

/** Parameters of the tiny ladder's net: 3 x 3 weights of 4 channels, their norm, and the head's weights and biases. */
const parameters = 4 * 9 + 2 * 4 + 10 * 4 * 25 + 10;

const onPosix = process.platform === 'win32' ? test.skip : test;

onPosix('a library that is missing is named with what installs it, and the others are timed', async t => {
	const own = tinyLadder(t);
	const answers = `*jax*) echo '{"missing": "jax"}';;\n*) echo '{"missing": "torch"}';;`;
	const {stdout, stderr, exitCode, left} = await benchWith(own, answers, ['--json']);
	t.is(exitCode, 0, stderr);
	t.regex(stderr, /^PyTorch is left out: `torch` is missing \(pip install torch==2\.13\.0 numpy\)$/m);
	t.regex(stderr, /^JAX is left out: `jax` is missing \(pip install 'jax\[cpu\]'\)$/m);
	t.regex(stderr, /^candle is left out: build it with `--rust-peers` \(minutes, once\)$/m);
	t.regex(stderr, /^tfjs is left out: name a folder that has it with `--npm` \(npm install @tensorflow\/tfjs\)$/m);
	t.regex(stderr, /^ONNX Runtime is left out: name a folder that has it with `--npm`, and a Python with `--python`/m);
	const [{rows, leftOut, predict}] = JSON.parse(stdout);
	const names = leftOut.map(({name}: {name: string}) => name);
	t.deepEqual(names, ['PyTorch', 'JAX', 'tinygrad', 'burn', 'candle', 'tfjs', 'ONNX Runtime']);
	t.true(
		rows.every(({name, seconds}: {name: string; seconds: number[]}) => !/PyTorch/.test(name) && seconds.length === 2),
	);
	t.is(predict.onnxRuntime, undefined);
	t.deepEqual(left, []);
});

onPosix('a library that fails is reported with its reason and timed no further', async t => {
	const own = tinyLadder(t);
	const pytorch = `echo '{"version": "9", "parameters": ${parameters}}'
	while read -r variant threads images augmentation; do
		case $variant in
			eager) echo '{"seconds": 2, "peakMemory": 7}';;
			compile) echo '{"error": "no compiler"}';;
			*) echo '{"seconds": 0.5, "peakMemory": 7}';;
		esac
	done`;
	const answers = [
		`*pytorch*) ${pytorch};;`,
		`*jax*) echo '{"version": "9", "parameters": 1}'; cat > /dev/null;;`,
		`*) echo '{"version": "9", "error": "it is timed with ReLU only"}';;`,
	].join('\n');
	const {stdout, stderr, exitCode, left} = await benchWith(own, answers, ['--json']);
	t.is(exitCode, 0, stderr);
	const [{rows, leftOut, versions, images, peakMemory}] = JSON.parse(stdout);
	const theirs = rows.filter(({name}: {name: string}) => name.startsWith('PyTorch'));
	const speeds = theirs.map((row: {imagesPerSecond: number; overEager: number; overBest: number; error?: string}) => [
		...[row.imagesPerSecond, row.overEager, row.overBest, row.error],
	]);
	t.deepEqual(speeds, [
		[images / 2, 1, 0.25, undefined],
		[images / 0.5, 4, 1, undefined],
		[null, undefined, undefined, 'no compiler'],
		[images / 0.5, 4, 1, undefined],
	]);
	t.is(versions.PyTorch, '9');
	t.is(peakMemory.PyTorch, 7);
	const reasonOf = (wanted: string) => leftOut.find(({name}: {name: string}) => name === wanted).reason;
	t.is(reasonOf('JAX'), `its net has 1 parameters, not ${parameters}`);
	t.is(reasonOf('tinygrad'), 'it is timed with ReLU only');
	t.is(stderr.match(/^Round \d\/2: PyTorch compile/gm)?.length, 1);
	t.deepEqual(left, []);
});

onPosix('libraries without augmentation are compared with Stepladder and PyTorch without it', async t => {
	const own = tinyLadder(t);
	const range = {rotation: 5, translation: 0, scaleMin: 1, scaleMax: 1, shear: 0, brightness: 0, contrast: 0};
	const first = own.read('steps/0-tiny.ts');
	own.write(
		'steps/0-tiny.ts',
		first.replace('labelSmoothing:', `augmentation: ${JSON.stringify(range)},\nlabelSmoothing:`),
	);
	const passes = `echo '{"version": "9", "parameters": ${parameters}}'
	while read -r variant threads images augmentation; do
		if [ "$augmentation" = plain ]; then echo '{"seconds": 1, "peakMemory": 7}'; else echo '{"seconds": 4, "peakMemory": 7}'; fi
	done`;
	const answers = `*pytorch*|*tinygrad*) ${passes};;\n*) echo '{"missing": "jax"}';;`;
	const {stdout, stderr, exitCode} = await benchWith(own, answers, ['--json']);
	t.is(exitCode, 0, stderr);
	const [{rows}] = JSON.parse(stdout);
	const seen = rows.map(({name, isAugmented, overEager}: {name: string; isAugmented: boolean; overEager: number}) => [
		...[name.replace(/, \d+ threads?/, ''), isAugmented, name.startsWith('PyTorch eager') ? overEager : undefined],
	]);
	t.deepEqual(seen.slice(-3), [
		['fused, not augmented', false, undefined],
		['PyTorch eager, not augmented', false, 1],
		['tinygrad jit, not augmented', false, undefined],
	]);
	t.true(seen.slice(0, -3).every(([, isAugmented]: [string, boolean]) => isAugmented));
	t.is(rows.at(-1).overEager, 1);
});

onPosix('a Python that can’t be started is refused, also where torch is not wanted', async t => {
	const {stderr, exitCode} = await tinyLadder(t).run(['bench', '--step', 'tiny', '--python', './none']);
	t.is(exitCode, 2);
	t.regex(stderr, /`python` should be a Python that has PyTorch, got `\.\/none`, which can’t be started/);
});
