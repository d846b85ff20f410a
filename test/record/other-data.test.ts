import test from 'ava';
import {OwnLadder} from '../helpers/own-ladder.js';

test('a changed image is one problem of all records, which are reported as stale and not compared with others', async t => {
	const own = new OwnLadder(t);
	await own.run(['init']);
	const {stdout} = await own.run(['new-step', 'batch-norm', '--from', 'baseline']);
	const [file = ''] = /steps\S+/.exec(stdout) ?? [];
	own.write(
		file,
		own
			.read(file)
			.replace('change: {}', "change: {net: {block: {norm: 'batch'}}}")
			.replace("why: ''", "why: 'Sooner.'"),
	);
	for (const step of ['baseline', 'batch-norm']) {
		t.is((await own.run(['record', '--step', step, '--seeds', '1-2'])).exitCode, 0);
	}

	t.is((await own.run(['report'])).exitCode, 0);
	const before = own.read('report/report.md');
	own.write('shapes.ts', own.read('shapes.ts').replace('random(2)', 'random(3)'));

	const check = await own.run(['record', '--check']);
	t.is(check.exitCode, 1);
	t.regex(
		check.stdout,
		/^records\/0-baseline\/promise\.json: `data\.hash` was preregistered as .*, and is .* in the ladder now; so it is for `batch-norm`; put it back, or record again: .*\n1 problem found\.$/,
	);
	const report = await own.run(['report']);
	t.is(report.exitCode, 5, report.stdout);
	t.regex(
		report.stderr,
		/^Steps `baseline`, `batch-norm` are marked as stale: records\/0-baseline: the ladder’s data have changed since this was recorded: .* --step baseline --fresh$/m,
	);
	const after = own.read('report/report.md');
	t.regex(after, /^\*\*Stale, since the images have changed since they were recorded: baseline, batch-norm\.\*\*$/m);
	t.is(after.match(/^\*\*Stale: the ladder’s images have changed/gm)?.length, 2);
	t.deepEqual(
		[before, after].map(text => text.includes('### Misclassified test images')),
		[true, false],
	);
	const result = /^\*\*Result\.\*\* .*$/gm;
	t.deepEqual(after.match(result), before.match(result));
	t.regex(own.read('report/report.html'), /<strong>Stale: the ladder’s images have changed/);

	t.is((await own.run(['record', '--step', 'batch-norm', '--seeds', '1-2', '--fresh'])).exitCode, 0);
	const compared = await own.run(['compare', 'batch-norm', 'baseline']);
	t.is(compared.exitCode, 5, compared.stdout);
	t.regex(
		compared.stderr,
		/records\/1-batch-norm: it was trained on other data \(.*\) than `baseline` \(.*\), so the two can’t be compared$/,
	);
});
