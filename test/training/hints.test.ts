import test from 'ava';
import type {Layer, Schedule, WarmUp} from '../../ts/experiment/experiment.js';
import {hintsFor} from '../../ts/training/hints.js';
import {ladder} from '../helpers/mnist.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const oneCycle: Schedule = {
	kind: 'one-cycle',
	...{maxLearningRate: 0.1, pctStart: 0.2, divFactor: 25, finalDivFactor: 1e4},
};

test('a batch of more than all images, and a one-cycle schedule without a step of warm-up, are reported once', async t => {
	const own = tinyLadder(t, {train: 20});
	const {stderr, exitCode} = await own.run([
		...['train', '--step', 'tiny', '--seeds', '1,2', '--epochs', '1'],
		...['--set', 'batchSize=64', '--set', `schedule=${JSON.stringify(oneCycle)}`],
	]);
	t.is(exitCode, 0, stderr);
	t.is(
		stderr,
		'Each epoch is a single step, since `batchSize` is 64 and there are 20 training images.\n' +
			'The one-cycle schedule has no warm-up, since 0.2 of 1 step is less than one: its rate falls from the first step on. ' +
			'Take a smaller `batchSize`, more `epochs` or a constant rate.',
	);
});

test('five steps have one of warm-up, and the ladder’s settings fit all of its images', t => {
	const experiment = {...ladder.step('lr-scheduler').experiment, schedule: oneCycle, batchSize: 64, epochs: 5};
	t.deepEqual(hintsFor(experiment, 64), []);
	t.is(hintsFor({...experiment, epochs: 4}, 64).length, 1);
	for (const {experiment: full} of ladder.steps) {
		t.deepEqual(hintsFor(full, 60_000), []);
	}
});

test('a warm-up that leaves no steps after it, and one without a step, are reported', async t => {
	const experiment = {...ladder.step('lr-scheduler').experiment, batchSize: 64, epochs: 2};
	const hints = (warmUp: WarmUp, images = 640) =>
		hintsFor({...experiment, schedule: {kind: 'cosine', learningRate: 0.1, warmUp}}, images);
	t.deepEqual(hints({epochs: 1}), []);
	t.deepEqual(hints({share: 0.05}), []);
	t.deepEqual(hints({epochs: 0}), []);
	t.deepEqual(hints({share: 0.02}), [
		'The schedule has no warm-up, since 0.4 steps are less than half of one. ' +
			'Take a longer `schedule.warmUp`, a smaller `batchSize` or more `epochs`.',
	]);
	t.deepEqual(hints({share: 0.5}, 64), []);
	t.deepEqual(hints({share: 0.8}, 64), [
		'The schedule never reaches its `learningRate`: its warm-up has 2 steps, the run 2 steps. ' +
			'Take a shorter `schedule.warmUp`, a smaller `batchSize` or more `epochs`.',
	]);

	const own = tinyLadder(t, {train: 20});
	const cosine = JSON.stringify({kind: 'cosine', learningRate: 0.1, warmUp: {epochs: 2}});
	const {stderr, exitCode} = await own.run([
		...['train', '--step', 'tiny', '--seeds', '1,2', '--epochs', '1', '--set', `schedule=${cosine}`],
	]);
	t.is(exitCode, 0, stderr);
	t.is(
		stderr,
		'Each epoch is a single step, since `batchSize` is 32 and there are 20 training images.\n' +
			'The schedule never reaches its `learningRate`: its warm-up has 2 steps, the run 1 step. ' +
			'Take a shorter `schedule.warmUp`, a smaller `batchSize` or more `epochs`.',
	);
});

test('a norm that is repeated is reported with the place of its layer, and convolutions without one are not', t => {
	const {experiment} = ladder.step('lr-scheduler');
	const block: Layer = {kind: 'block', channels: 1, kernel: 3, padding: 1};
	const conv: Layer = {kind: 'conv', channels: 1, kernel: 3, padding: 1, bias: false};
	const hints = (body: Layer[], norm: 'none' | 'batch' = 'batch') =>
		hintsFor({...experiment, net: {...experiment.net, body, block: {...experiment.net.block, norm}}}, 60_000);
	const repeat = (layers: Layer[], times = 2): Layer => ({kind: 'repeat', times, layers});
	t.deepEqual(hints([block, repeat([block])]), [
		'`net.body.1` repeats a norm with one set of running statistics, the mean of those of all repetitions: accuracy in ' +
			'evaluation may be far below that of training. Repeat `conv` layers in a `residual` with an `activation` instead, which ' +
			'have no norm.',
	]);
	for (const within of [
		{kind: 'residual', layers: [conv], shortcut: 'conv'},
		{kind: 'residual', layers: [repeat([block], 1)]},
		{kind: 'concat', branches: [[], [{kind: 'separable', channels: 1, kernel: 3, padding: 1}]]},
	] as const satisfies Layer[]) {
		t.is(hints([repeat([within])]).length, 1, within.kind);
	}

	const inBranch: Layer = {kind: 'concat', branches: [[conv], [{kind: 'residual', layers: [repeat([block])]}]]};
	t.regex(hints([inBranch]).join('\n'), /^`net\.body\.0\.branches\.1\.0\.layers\.0` repeats a norm/);
	t.deepEqual(hints([repeat([block])], 'none'), []);
	t.deepEqual(hints([repeat([block], 1)]), []);
	t.deepEqual(hints([repeat([{kind: 'residual', layers: [conv], activation: 'relu'}])]), []);
});
