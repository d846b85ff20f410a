import {cpSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {RecordError} from '../../ts/index.js';
import {attemptsBefore} from '../../ts/ledger/attempts.js';
import {readLedger} from '../../ts/ledger/ledger.js';
import {packageVersion} from '../../ts/platform/package-root.js';
import {additionProblem} from '../../ts/record/added-seeds.js';
import {readRecord, recordHash, writeRecord} from '../../ts/record/file.js';
import {preregistrationHash, readPreregistration, writePreregistration} from '../../ts/record/preregistration-file.js';
import {testImagesProblem} from '../../ts/record/test-images.js';
import {readSweep, writeSweep} from '../../ts/sweep/file.js';
import {root} from '../helpers/cli.js';
import {temporaryFolder} from '../helpers/folder.js';
import {resealWithLedger} from '../helpers/forger.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

/** Returns a folder of files that an earlier version wrote. They are never removed; a new format gets a folder of its own. */
const sample = (kind: string): string => path.join(root, 'test', 'samples', '0.1.0', kind);

const filesOf = (folder: string): Record<string, string> =>
	Object.fromEntries(readdirSync(folder).map(name => [name, readFileSync(path.join(folder, name), 'utf8')]));

test('a record of format 1 is read, and written to the same bytes', t => {
	const record = readRecord(sample('record'));
	t.is(record.step, 'tiny');
	t.is(record.parameters, 1054);
	t.deepEqual(
		record.epochs.map(({seed, epoch, testCorrect, testTotal}) => [seed, epoch, testCorrect, testTotal]),
		[
			[1, 1, 27, 30],
			[1, 2, 30, 30],
			[2, 1, 27, 30],
			[2, 2, 27, 30],
		],
	);
	t.is(preregistrationHash(record.preregistration), '7b495171af146766c44ac162091e1cadfd0e917fb01121e05ff1931ef9d121fd');

	const folder = temporaryFolder(t);
	writePreregistration(folder, record.preregistration);
	writeRecord(folder, record);
	t.deepEqual(filesOf(folder), filesOf(sample('record')));
});

test('a record of format 2 is read with its ledger and the first test images, and written to the same bytes', t => {
	const ladder = path.join(root, 'test', 'samples', 'ledger');
	const folder = path.join(ladder, 'records', '0-tiny');
	const record = readRecord(folder);
	const lines = readLedger(ladder);
	t.is(lines.length, 10);
	t.is(record.ledger, lines[8]?.hash);
	const promise = preregistrationHash(record.preregistration);
	t.is(promise, '03d5c3d97bbfd4a04cc2b0300208d7c4336b86a722a78863c9cbda5b3653459f');
	t.deepEqual(attemptsBefore(lines, promise), {number: 2, recorded: 1, trained: [1], otherRuns: 0});
	t.is(testImagesProblem(ladder, lines), undefined);

	const written = temporaryFolder(t);
	writePreregistration(written, record.preregistration);
	writeRecord(written, record);
	t.deepEqual(filesOf(written), filesOf(folder));
});

test('a record of format 3 is read with the seeds that were added to it, and written to the same bytes', t => {
	const ladder = path.join(root, 'test', 'samples', 'added-seeds');
	const folder = path.join(ladder, 'records', '0-tiny');
	const record = readRecord(folder);
	const lines = readLedger(ladder);
	t.deepEqual(
		record.seeds.map(({seed}) => seed),
		[1, 2, 3, 5, 6],
	);
	t.deepEqual(record.added, [
		{seeds: [3], line: lines[4]?.hash},
		{seeds: [5, 6], line: lines[7]?.hash},
	]);
	t.is(additionProblem(record, lines), undefined);
	t.is(recordHash(record), '99f5415387f729aa75f7d0fb073573672ca2284d57dcd585c6076faf84fd8ee5');

	const written = temporaryFolder(t);
	writePreregistration(written, record.preregistration);
	writeRecord(written, record);
	t.deepEqual(filesOf(written), filesOf(folder));
});

test('an invalid record does not replace a valid one', t => {
	const folder = temporaryFolder(t);
	cpSync(sample('record'), folder, {recursive: true});
	const {epochs, ...rest} = readRecord(folder);
	t.throws(() => writeRecord(folder, {...rest, epochs: epochs.slice(1)}), {
		instanceOf: RecordError,
		message: /row 1 of the epochs should be epoch 1 of seed 1, it is epoch 2 of seed 1$/,
	});
	t.deepEqual(filesOf(folder), filesOf(sample('record')));
});

test('a preregistration of format 1 that was put together from commits is read, and written to the same bytes', t => {
	const preregistration = readPreregistration(sample('promise-from-history'));
	t.is(preregistration.made.by, 'history');
	t.is(preregistration.step, 'batch-norm');
	const folder = temporaryFolder(t);
	writePreregistration(folder, preregistration);
	t.deepEqual(filesOf(folder), filesOf(sample('promise-from-history')));
});

test('a preregistration whose primary measure has its first name, `unrest`, keeps its text and its hash', t => {
	const preregistration = readPreregistration(sample('preregistration-of-unrest'));
	t.is(preregistrationHash(preregistration), '5d4f1a788ec2d4a9a169adcf5710acbbd5509a6a4df9434b35b1ef4f905e488e');
	const folder = temporaryFolder(t);
	writePreregistration(folder, preregistration);
	t.deepEqual(filesOf(folder), filesOf(sample('preregistration-of-unrest')));
});

test('a step and its preregistration agree, whichever name of `range` they have', async t => {
	const own = tinyLadder(t, {epochs: 2});
	own.write('steps/0-tiny.ts', own.read('steps/0-tiny.ts').replace('target: {', "target: {primary: 'unrest', "));
	t.is((await own.run(['record', '--step', 'tiny', '--seeds', '1'])).exitCode, 0);
	const file = 'records/0-tiny/promise.json';
	t.regex(own.read(file), /"primary": "range"/);
	own.write(file, own.read(file).replace('"range"', '"unrest"'));
	resealWithLedger(own.folder);
	await own.run(['record', '--text']); // the ledger’s last line is another
	const {stdout} = await own.run(['record', '--check']);
	t.is(stdout, 'The records, text blocks and claims of 1 step agree.');
	own.write('steps/0-tiny.ts', own.read('steps/0-tiny.ts').replace("'unrest'", "'range'"));
	t.is((await own.run(['record', '--check'])).stdout, stdout);
});

test('a sweep of format 1 is read, and written to the same bytes', t => {
	const sweep = readSweep(sample('sweep'));
	t.is(sweep.plan.step, 'tiny');
	t.deepEqual(sweep.plan.sample, {count: 2, draw: 1});
	t.is(sweep.runs.length, 6);
	t.is(sweep.epochs.at(-1)?.holdoutCorrect, 50);
	const folder = temporaryFolder(t);
	writeSweep(folder, sweep);
	t.deepEqual(filesOf(folder), filesOf(sample('sweep')));
});

const later = test.macro((t, kind: string, file: string, read: (folder: string) => unknown, known: number) => {
	const folder = temporaryFolder(t);
	cpSync(sample(kind), folder, {recursive: true});
	const target = path.join(folder, file);
	writeFileSync(
		target,
		JSON.stringify({format: known + 1, ...JSON.parse(readFileSync(target, 'utf8')), more: 'of it'}),
	);
	const {path: named, problem} = t.throws(() => read(folder), {instanceOf: RecordError});
	t.is(named, target);
	const formats = known === 1 ? 'format 1' : `formats 1 to ${known}`;
	t.is(
		problem,
		`it is of format ${known + 1}, and Stepladder ${packageVersion()} reads ${formats}: use a newer version`,
	);
});
test(
	'a preregistration of a later format is refused, and both formats are named',
	later,
	'record',
	'promise.json',
	readPreregistration,
	2,
);
test(
	'a record of a later format is refused, and both formats are named',
	later,
	'record',
	'record.json',
	readRecord,
	3,
);
test('a sweep of a later format is refused, and both formats are named', later, 'sweep', 'sweep.json', readSweep, 1);
