import {readdirSync} from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {Project} from '../helpers/project.js';

/** A step that learns all of MNIST in a second an epoch. */
const tiny = `import {defineStep} from 'stepladder';
export default defineStep({
	name: 'tiny',
	experiment: {
		net: {
			channels: 1, size: 28, classes: 10,
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: false, norm: 'batch', dropout: 0.1},
			body: [{kind: 'max-pool', kernel: 4}, {kind: 'block', channels: 4, kernel: 3, padding: 0}],
			head: [{kind: 'conv', channels: 10, kernel: 5, padding: 0, bias: true}, {kind: 'flatten'}],
		},
		optimizer: {momentum: 0.9, nesterov: true, weightDecay: 1e-4},
		schedule: {kind: 'constant', learningRate: 0.01},
		averaging: {decay: 0.99},
		labelSmoothing: 0, batchSize: 128, epochs: 4,
	},
	target: {why: 'Four epochs are enough to see.', testAccuracy: 0.5, heldFor: 2, maxParameters: 2000, maxEpochs: 4},
});
`;

const project = (t: ExecutionContext): Project => {
	const made = new Project(t);
	made.write('steps/9-tiny.ts', tiny);
	return made;
};

/** A record without the values that depend on the clock: times, seconds, and checksums over them. */
const withoutTimes = (made: Project): unknown => {
	const {seeds, checksums: _, promise: __, ledger: ___, ...rest} = JSON.parse(made.read('records/9-tiny/record.json'));
	const rows = made.read('records/9-tiny/epochs.csv').split('\n');
	return {
		...rest,
		seeds: seeds.map(({seconds: _, begun: __, ...seed}: {seconds: number; begun: string}) => seed),
		epochs: rows.map(row => row.split(',').slice(0, 6)),
		answers: made.read('records/9-tiny/predictions.jsonl'),
	};
};

test('a recording that was interrupted resumes, and gives the record of an unbroken one', async t => {
	const unbroken = project(t);
	const first = await unbroken.start('record', '--step', 'tiny', '--seeds', '1,2');
	t.is(first.exitCode, 0, String(first.stderr));
	t.regex(String(first.stdout), /\nRecorded in records\/9-tiny$/);

	const broken = project(t);
	const child = broken.start('record', '--step', 'tiny', '--seeds', '1,2');
	child.stdout?.on('data', (text: Buffer) => {
		if (text.toString().includes('epoch 2/4')) {
			child.kill('SIGTERM');
		}
	});
	t.is((await child).exitCode, 143);
	const kept = readdirSync(path.join(broken.folder, 'records', '9-tiny'));
	t.deepEqual(kept, ['promise.json']); // written before the first epoch
	const promise = broken.read('records/9-tiny/promise.json');
	const again = await broken.start('record', '--step', 'tiny', '--seeds', '1,2');
	t.is(again.exitCode, 0, String(again.stderr));
	t.regex(String(again.stderr), /^Seed \d resumes after epoch [23]$/m);
	t.deepEqual(withoutTimes(broken), withoutTimes(unbroken));
	t.is(broken.read('records/9-tiny/promise.json'), promise);
	t.is(readdirSync(path.join(broken.folder, 'runs', 'records', 'tiny')).length, 2);

	// A finished record is not trained again; a changed text is rewritten.
	broken.edit('steps/9-tiny.ts', /^Result: .*$/m, 'Result: splendid');
	const third = await broken.start('record', '--step', 'tiny', '--seeds', '1,2');
	t.is(third.stderr, 'Seed 1 was finished before\nSeed 2 was finished before');
	t.deepEqual(withoutTimes(broken), withoutTimes(unbroken));
	const {stdout} = await broken.start('record', '--check', '--step', 'tiny', '--replay');
	t.regex(
		String(stdout),
		/^Retraining: tiny, seed [12], drawn at random of 2, 4 epochs and all predictions\n.* agree, and everything retrained repeats to the bit\.$/,
	);
});

test('`record` without a step is refused, with the steps to choose from', async t => {
	const {stderr, exitCode} = await new Project(t).start('record');
	t.is(exitCode, 2);
	t.regex(String(stderr), /choose a step of .* with `--step <name>`: its steps are /);
});
