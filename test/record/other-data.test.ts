import test from 'ava';
import {OwnLadder} from '../helpers/own-ladder.js';

test('records of a ladder whose data have changed are neither reported nor compared', async t => {
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
	t.is((await own.run(['record', '--step', 'baseline', '--seeds', '1-2'])).exitCode, 0);
	own.write('shapes.ts', own.read('shapes.ts').replace('random(2)', 'random(3)'));

	const check = await own.run(['record', '--check', '--step', 'baseline']);
	t.is(check.exitCode, 1);
	t.regex(
		check.stdout,
		/^records\/0-baseline\/promise\.json: `data\.hash` was preregistered as .*, and is .* in the ladder now; /,
	);
	const report = await own.run(['report']);
	t.is(report.exitCode, 5, report.stdout);
	t.regex(
		report.stderr,
		/records\/0-baseline: the ladder’s data have changed since this was recorded: .* --step baseline --fresh$/,
	);

	t.is((await own.run(['record', '--step', 'batch-norm', '--seeds', '1-2'])).exitCode, 0);
	const compared = await own.run(['compare', 'batch-norm', 'baseline']);
	t.is(compared.exitCode, 5, compared.stdout);
	t.regex(
		compared.stderr,
		/records\/1-batch-norm: it was trained on other data \(.*\) than `baseline` \(.*\), so the two can’t be compared$/,
	);
});
