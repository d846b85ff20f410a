import {readdirSync} from 'node:fs';
import test from 'ava';
import {isSlow, replayedEpochs} from '../../ts/experiment/replayed-epochs.js';
import {LadderRecords} from '../../ts/record/ladder-records.js';
import {replay} from '../../ts/record/replay.js';
import {sweepNames} from '../../ts/sweep/file.js';
import {ladder} from '../helpers/mnist.js';
import {Project} from '../helpers/project.js';

const unledgered =
	'Recorded before there was a ledger, so that earlier attempts are not known: basic-setup, base-skeleton, batch-norm, dropout, fc-layer, augmentation, lr-scheduler, weight-averaging.';
const uncommitted =
	'The commits that preregistrations name were not checked: the ladder is outside of git: use the repository that it comes from.';
const agree = `${unledgered}\n${uncommitted}\nThe records, text blocks and claims of ${ladder.entries.length} steps and ${sweepNames(ladder.folder).length} sweeps agree.`;

test('records, preregistrations, text blocks, claims and the table of this project agree', async t => {
	const {stdout, exitCode} = await new Project(t).start('record', '--check');
	t.is(stdout, agree);
	t.is(exitCode, 0);
});

test('files with Windows line ends agree as well, and keep their line ends', async t => {
	const project = new Project(t);
	const names = readdirSync(project.folder, {recursive: true, encoding: 'utf8'});
	const files = names.filter(name => /^(?:steps|records|README|ladder).*\.(?:ts|md|json|jsonl|csv)$/.test(name));
	for (const file of files) {
		project.write(file, project.read(file).replaceAll('\n', '\r\n'));
	}

	const check = await project.start('record', '--check');
	t.is(check.stdout, agree);
	const before = files.map(file => project.read(file));
	const text = await project.start('record', '--text');
	t.deepEqual([text.stdout, text.exitCode], ['The text blocks and tables are written from the records.', 0]);
	t.deepEqual(
		files.map(file => project.read(file)),
		before,
	);
});

test('`record --check` prints a sentence per problem, and exits with 1', async t => {
	const project = new Project(t);
	project.edit('records/3-dropout/epochs.csv', /^(2,7,)/m, '2,8,');
	const {stdout, stderr, exitCode} = await project.start('record', '--check');
	t.regex(
		String(stdout),
		/^records\/3-dropout\/epochs\.csv, line 23: epoch 8 of seed 2 is not what was recorded\n1 problem found\.$/,
	);
	t.is(stderr, '');
	t.is(exitCode, 1);
});

test('the first epoch of a record of this project is equal to the bit when trained again', async t => {
	const entry = ladder.entry('fc-layer');
	const {record} = new LadderRecords(ladder).of(entry);
	const data = await ladder.data.open(ladder.folder);
	const {signal} = new AbortController();
	t.deepEqual(await replay(entry, record, data, {seeds: [3], epochs: 1, signal, report() {}}), []);
});

test('a replay trains some first epochs of basic-setup, as many as were drawn, and all epochs of the others', t => {
	const slow = ladder.entries.filter(({step}) => isSlow(step.experiment, 60_000)).map(({step}) => step.name);
	t.deepEqual(slow, ['basic-setup']);
	const [basic, quick] = ['basic-setup', 'fc-layer'].map(name => ladder.entry(name).step.experiment);
	const shares = [1, 0.51, 0.5, 0.34, 0.33, 1 / 14, 1 / 15, 2 ** -32];
	t.deepEqual(
		shares.map(share => basic && replayedEpochs(basic, 60_000, share)),
		[1, 1, 2, 2, 3, 14, 15, 15],
	);
	t.is(quick && replayedEpochs(quick, 60_000, 1), 15);
});

test('no text block of this project has an accuracy above 100 %', t => {
	const project = new Project(t);
	const files = readdirSync(project.folder, {recursive: true, encoding: 'utf8'}).filter(file =>
		/steps\/\d.*\.ts$/.test(file),
	);
	const percentages = files.flatMap(file => [
		...project.read(file).matchAll(/interval [\d.]+ to ([\d.]+)\)(?! points)/g),
	]);
	t.true(percentages.length > files.length);
	t.deepEqual(
		percentages.filter(([, high]) => Number(high) > 100).map(([text]) => text),
		[],
	);
});
