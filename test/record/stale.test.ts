import test from 'ava';
import {writeIdx} from '../helpers/idx.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

test('`ladder` marks figures of a step, or of images, that have changed since, and says what to do', async t => {
	const ladder = tinyLadder(t, {epochs: 2});
	const recorded = await ladder.run(['record', '--step', 'tiny', '--seeds', '1']);
	t.is(recorded.exitCode, 0, recorded.stderr);
	const fresh = await ladder.run(['ladder']);
	t.regex(fresh.stdout, /^tiny .* \d\/1(?: \(trivial\))?$/m);
	t.is(fresh.stderr, '');

	const step = ladder.read('steps/0-tiny.ts');
	ladder.write('steps/0-tiny.ts', step.replace('learningRate: 0.01', 'learningRate: 0.02'));
	const changed = await ladder.run(['ladder']);
	t.regex(changed.stdout, /^tiny .* \d\/1.* \(stale\)$/m);
	t.regex(
		changed.stderr,
		/^Stale: records\/0-tiny\/promise\.json: `experiment\.schedule\.learningRate` was preregistered as 0\.01, and is 0\.02 in the step now; put it back, or record again: .* --step tiny --fresh$/,
	);

	const report = await ladder.run(['report', '--out', 'changed']);
	t.is(report.exitCode, 0, report.stderr);
	t.regex(ladder.read('changed/report.html'), /\(stale\)<\/td>/);
	t.regex(
		ladder.read('changed/report.md'),
		/\n\*\*Stale: the step has changed since this was recorded: `experiment\.schedule\.learningRate` was preregistered as 0\.01, and is 0\.02 in the step now\./,
	);

	ladder.write('steps/0-tiny.ts', step);
	writeIdx(`${ladder.folder}/data`, 400, 80);
	const others = await ladder.run(['ladder', '--format', 'json']);
	t.true(JSON.parse(others.stdout)[0].stale);
	t.regex(
		others.stderr,
		/^Stale: records\/0-tiny\/promise\.json: .*`data\.test` was preregistered as 60, and is 80 in the ladder now/,
	);

	ladder.write('data/t10k-labels-idx1-ubyte', 'damaged');
	const unread = await ladder.run(['ladder']);
	t.is(unread.exitCode, 0);
	t.regex(unread.stdout, /^tiny .* \d\/1(?: \(trivial\))?$/m);
	t.regex(unread.stderr, /^The records were not compared with the ladder’s images: .*t10k-labels/);
});
