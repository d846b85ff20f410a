import {readdirSync} from 'node:fs';
import test from 'ava';
import {Project} from '../helpers/project.js';

test('the records, text blocks, claims and the table of this project agree', async t => {
	const {stdout, exitCode} = await new Project(t).start('record', '--check');
	t.is(stdout, 'The records, text blocks and claims of 8 steps agree.');
	t.is(exitCode, 0);
});

test('files whose lines end as on Windows agree as well, and keep their line ends', async t => {
	const project = new Project(t);
	const names = readdirSync(project.folder, {recursive: true, encoding: 'utf8'});
	const files = names.filter(name => /^(?:steps|records|README|ladder).*\.(?:ts|md|json|jsonl|csv)$/.test(name));
	for (const file of files) {
		project.write(file, project.read(file).replaceAll('\n', '\r\n'));
	}

	const check = await project.start('record', '--check');
	t.is(check.stdout, 'The records, text blocks and claims of 8 steps agree.');
	const before = files.map(file => project.read(file));
	t.is((await project.start('record', '--text')).exitCode, 0);
	t.deepEqual(
		files.map(file => project.read(file)),
		before,
	);
});

test('the first epoch of a record repeats to the bit', async t => {
	const {stdout, exitCode} = await new Project(t).start('record', '--check', '--replay', '--step', 'fc-layer');
	t.is(stdout, 'The records, text blocks and claims of 1 step agree, and first epochs repeat to the bit.');
	t.is(exitCode, 0);
});

const finds = test.macro(async (t, change: (project: Project) => void, found: RegExp) => {
	const project = new Project(t);
	change(project);
	const {stdout, stderr, exitCode} = await project.start('record', '--check');
	t.regex(stdout, found);
	t.regex(stdout, /(thing is|things are) not true\.$/);
	t.is(stderr, '');
	t.is(exitCode, 1);
});

test(
	'a figure changed in an epoch is found and named',
	finds,
	project => project.edit('records/3-dropout/epochs.csv', /^(2,7,.*,)(\d+)(,10000,)/m, '$19999$3'),
	/^records\/3-dropout\/epochs\.csv: seed 2, epoch 7 \(line 23\) is not what was recorded$/m,
);
test(
	'a figure changed in what a seed came to is found and named',
	finds,
	project => project.edit('records/3-dropout/record.json', /("trainCleanCorrect": )\d+/, '$159999'),
	/^records\/3-dropout\/record\.json: `seeds` is not what was recorded$/m,
);
test(
	'a prediction changed is found and named',
	finds,
	project => project.edit('records/3-dropout/predictions.jsonl', /("seed":4,"labels":")7/, '$11'),
	/^records\/3-dropout\/predictions\.jsonl: seed 4 is not what was recorded$/m,
);
test(
	'a record that is cut off is found and named',
	finds,
	project =>
		project.write('records/3-dropout/record.json', project.read('records/3-dropout/record.json').slice(0, 900)),
	/^records\/3-dropout\/record\.json: it can’t be read/m,
);
test(
	'a word changed in a text block is found and named by its line',
	finds,
	project => project.edit('steps/4-fc-layer.ts', /^(Result: )(?:Held|Missed: held)/m, '$1Surpassed'),
	/^steps\/4-fc-layer\.ts, line \d+: the text block says "Result: Surpassed .*npx stepladder record --text$/m,
);
test(
	'a number changed in a step makes its record stale, by the name of the setting',
	finds,
	project => project.edit('steps/6-lr-scheduler.ts', 'pctStart: 0.2', 'pctStart: 0.3'),
	/^records\/6-lr-scheduler is stale: `schedule\.pctStart` is 0\.3 in the step, 0\.2 in the record; try: npx stepladder record --step lr-scheduler$/m,
);
test(
	'a number changed in a target is found in the text block',
	finds,
	project => project.edit('steps/2-batch-norm.ts', /testAccuracy: [\d.]+/, 'testAccuracy: 0.9801'),
	/^steps\/2-batch-norm\.ts, line 2: the text block says "Target: At least 99\.00 %/m,
);
test(
	'a claim turned into its opposite is found and named',
	finds,
	project => project.edit('steps/2-batch-norm.ts', "=> rose(self, from, 'test')", "=> !rose(self, from, 'test')"),
	/^steps\/2-batch-norm\.ts: claim 1 does not hold by the records: “/m,
);
test(
	'a table that no longer shows the records is found and named',
	finds,
	project => project.edit('README.md', /\| 99\.\d\d ± /, '| 99.99 ± '),
	/^README\.md, line \d+: the records say "\| /m,
);
test(
	'a step that was never recorded is named, with what to do',
	finds,
	project => {
		project.write(
			'steps/9-new.ts',
			`import {defineStep} from 'stepladder';
			import from from './4-fc-layer.ts';
			const target = {...from.target, why: 'To see what becomes of it.'};
			export default defineStep({name: 'new', from, change: {batchSize: 64}, target});`,
		);
	},
	/^records\/9-new: `new` has not been recorded; try: npx stepladder record --step new$/m,
);
