import {execFileSync} from 'node:child_process';
import {mkdirSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {openLadder, RecordError, report} from '../../ts/index.js';
import {readRecord} from '../../ts/record/file.js';
import {LadderRecords} from '../../ts/record/ladder-records.js';
import {headline} from '../../ts/report/headline.js';
import {readSweep} from '../../ts/sweep/file.js';
import {Project} from '../helpers/project.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const lines = (text: string): string[] => text.split(/(?<=\n)/);

/** Kinds of damage to a file. */
const damages: Readonly<Record<string, (text: string) => string | Uint8Array>> = {
	'cut in the middle': text => text.slice(0, text.length / 2),
	'without its last byte': text => text.slice(0, -1),
	'without its last line': text => lines(text).slice(0, -1).join(''),
	'without all but its first line': text => lines(text)[0] ?? '',
	'with its last line twice': text => text + lines(text).at(-1),
	empty: () => '',
	'an empty object': () => '{}\n',
	'a list': () => '[]\n',
	null: () => 'null\n',
	'no text': text => Uint8Array.from(Buffer.from(text), byte => byte ^ 0xa5),
	'another file': () => 'seed,epoch\n1,2\n',
};

/** Other types of file; reading from a pipe would never return. */
const intruders: Readonly<Record<string, (file: string) => void>> = {
	'a folder': file => mkdirSync(file),
	...(process.platform !== 'win32' && {'a pipe': (file: string) => execFileSync('mkfifo', [file])}),
};

const refuses = test.macro(
	(t, folderOf: (project: Project) => string, file: string, read: (folder: string) => unknown) => {
		const project = new Project(t);
		const folder = folderOf(project);
		const target = path.join(folder, file);
		const text = project.read(path.relative(project.folder, target));
		t.notThrows(() => read(folder));
		for (const [name, damage] of Object.entries(damages)) {
			const damaged = damage(text);
			if (damaged !== text) {
				writeFileSync(target, damaged);
				t.throws(() => read(folder), {instanceOf: RecordError}, `${file}: ${name}`);
			}
		}

		for (const [name, intrude] of Object.entries(intruders)) {
			rmSync(target, {recursive: true});
			intrude(target);
			t.throws(() => read(folder), {instanceOf: RecordError, message: /should be a file/}, `${file}: ${name}`);
		}
	},
);

for (const file of ['promise.json', 'record.json', 'epochs.csv', 'predictions.jsonl']) {
	const folder = (project: Project): string => path.join(project.folder, 'records', '7-weight-averaging');
	test(`a record with a damaged ${file} is not read`, refuses, folder, file, readRecord);
}

for (const file of ['sweep.json', 'epochs.csv']) {
	const folder = (project: Project): string => path.join(project.folder, 'records', 'sweeps', 'averaging');
	test(`a sweep with a damaged ${file} is not read`, refuses, folder, file, readSweep);
}

test('every command reports a damaged record, and shows the others as before', async t => {
	const project = new Project(t);
	const whole = await project.start('ladder');
	project.edit('records/3-dropout/epochs.csv', /(?:.*\n){11}$/, '');
	const reported = /records\/3-dropout: row 65 of the epochs should be epoch 5 of seed 5, it is missing$/m;

	const table = await project.start('ladder');
	t.is(table.exitCode, 5);
	t.regex(String(table.stderr), /^Step `dropout` is in the table without its figures: records\/3-dropout: row 65 /);
	const rows = String(table.stdout).split('\n');
	t.regex(rows.find(row => row.startsWith('dropout')) ?? '', / - +- +- +damaged$/);
	const others = (text: unknown): string[] =>
		String(text)
			.replaceAll(/ +/g, ' ')
			.split('\n')
			.filter(row => /^\w+-\w+ /.test(row));
	t.deepEqual(others(table.stdout), others(whole.stdout));

	const out = path.join(project.folder, 'report');
	const written = await project.start('report', '--out', out);
	t.is(written.exitCode, 5);
	t.regex(String(written.stderr), /^Step `dropout` has no chapter in the report: records\/3-dropout: row 65 /m);
	t.notRegex(String(written.stderr), / at .*:\d+:\d+/);
	const chapters = [...project.read('report/report.md').matchAll(/^## \d\. (.*)$/gm)].map(([, name]) => name);
	t.true(chapters.includes('weight-averaging'));
	t.false(chapters.includes('dropout'));

	t.is((await project.start('compare', 'weight-averaging', 'lr-scheduler')).exitCode, 0);
	const compared = await project.start('compare', 'dropout', 'batch-norm');
	t.is(compared.exitCode, 5);
	t.is(compared.stdout, '');
	t.regex(String(compared.stderr), reported);

	const before = project.read('README.md');
	const texts = await project.start('record', '--text');
	t.is(texts.exitCode, 1);
	t.regex(String(texts.stderr), /README\.md keeps its table: .*row 65/);
	t.is(project.read('README.md'), before);
});

test('a pipe instead of the ladder’s page is reported, and not waited for', async t => {
	const project = new Project(t);
	const page = path.join(project.folder, 'README.md');
	rmSync(page);
	for (const intrude of Object.values(intruders)) {
		intrude(page);
		const check = await project.start('record', '--check');
		t.regex(String(check.stdout), /^README\.md: it should be a file, it is a (?:folder|pipe)\n1 problem found\.$/);
		const {exitCode, stderr} = await project.start('record', '--text');
		t.is(exitCode, 1);
		t.regex(String(stderr), /README\.md: it should be a file, it is a (?:folder|pipe)$/);
		rmSync(page, {recursive: true});
	}
});

test('the headline of a ladder ignores records that can’t be read, and says so', async t => {
	const project = new Project(t);
	project.write('records/7-weight-averaging/predictions.jsonl', '');
	const records = new LadderRecords(await openLadder(project.folder));
	t.regex(headline(records), /^No step whose record can be read reaches the goal: .*closest is `lr-scheduler`/);
	const {stdout} = await project.start('ladder');
	t.regex(
		String(stdout),
		/ Not reached by a step whose record can be read\. Each step has a target of its own as well, /,
	);

	for (const {record} of records.ladder.entries) {
		writeFileSync(path.join(record, 'record.json'), '{}');
	}

	const opened = await openLadder(project.folder);
	t.is(headline(new LadderRecords(opened)), 'No step has a record that can be read.');
	await t.throwsAsync(report(opened, {out: path.join(project.folder, 'report')}), {instanceOf: RecordError});
	t.false(readdirSync(project.folder).includes('report')); // an empty report does not replace a good one
});

test('a damaged sweep keeps its page, and the pages of the others are written', async t => {
	const project = new Project(t);
	project.write('records/sweeps/averaging/sweep.json', '{}\n');
	const before = project.read('records/sweeps/averaging/README.md');
	project.write('records/sweeps/peak/README.md', 'gone\n');
	const {exitCode, stderr} = await project.start('record', '--text');
	t.is(exitCode, 1);
	t.regex(
		String(stderr),
		/^records\/sweeps\/averaging keeps its page: records\/sweeps\/averaging\/sweep\.json: missing `plan` \(an object\), /m,
	);
	t.is(project.read('records/sweeps/averaging/README.md'), before);
	t.regex(project.read('records/sweeps/peak/README.md'), /^# peak\n/);
});

test('`record` reports a damaged finished run, and the record stays as it was', async t => {
	const ladder = tinyLadder(t);
	const record = async () => ladder.run(['record', '--step', 'tiny', '--seeds', '1']);
	t.is((await record()).exitCode, 0);
	const files = ['promise.json', 'record.json', 'epochs.csv', 'predictions.jsonl'];
	const kept = (): string[] => files.map(file => ladder.read(`records/0-tiny/${file}`));
	const before = kept();
	const [run = ''] = readdirSync(path.join(ladder.folder, 'runs', 'records', 'tiny'));
	for (const file of ['config.json', 'events.jsonl', 'predictions.json', 'result.json']) {
		const target = `runs/records/tiny/${run}/${file}`;
		const text = ladder.read(target);
		for (const name of ['cut in the middle', 'without its last line', 'empty', 'an empty object', 'null']) {
			ladder.write(target, damages[name]?.(text) ?? '');
			const {exitCode, stdout, stderr} = await record();
			const what = `${file}: ${name}`;
			t.is(exitCode, 5, `${what}: ${stdout}${stderr}`);
			t.regex(stderr, /^stepladder: .*remove the run’s folder, or train again with `--fresh`$/s, what);
			t.notRegex(stderr, / at .*:\d+:\d+/, what);
			t.deepEqual(kept(), before, what);
		}

		ladder.write(target, text);
	}

	t.is((await record()).exitCode, 0);
	t.deepEqual(kept(), before);
});
