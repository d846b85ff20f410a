import {cpSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {RecordError} from '../../ts/index.js';
import {packageVersion} from '../../ts/platform/package-root.js';
import {readRecord, writeRecord} from '../../ts/record/file.js';
import {preregistrationHash, readPreregistration, writePreregistration} from '../../ts/record/preregistration-file.js';
import {readSweep, writeSweep} from '../../ts/sweep/file.js';
import {root} from '../helpers/cli.js';
import {temporaryFolder} from '../helpers/folder.js';
import {reseal} from '../helpers/forger.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

/** Files as versions of the past wrote them. They are kept for ever, and a new format brings a folder of its own. */
const sample = (kind: string): string => path.join(root, 'test', 'samples', '0.1.0', kind);

const filesOf = (folder: string): Record<string, string> =>
	Object.fromEntries(readdirSync(folder).map(name => [name, readFileSync(path.join(folder, name), 'utf8')]));

test('a record of format 1 is read, and written as it was', t => {
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

test('a record that would not be read is not written over one that is', t => {
	const folder = temporaryFolder(t);
	cpSync(sample('record'), folder, {recursive: true});
	const {epochs, ...rest} = readRecord(folder);
	t.throws(() => writeRecord(folder, {...rest, epochs: epochs.slice(1)}), {
		instanceOf: RecordError,
		message: /row 1 of the epochs should be epoch 1 of seed 1, it is epoch 2 of seed 1$/,
	});
	t.deepEqual(filesOf(folder), filesOf(sample('record')));
});

test('a promise of format 1 that was taken from commits is read, and written as it was', t => {
	const promise = readPreregistration(sample('promise-from-history'));
	t.is(promise.made.by, 'history');
	t.is(promise.step, 'batch-norm');
	const folder = temporaryFolder(t);
	writePreregistration(folder, promise);
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
	reseal(own.folder);
	const {stdout} = await own.run(['record', '--check']);
	t.is(stdout, 'The records, text blocks and claims of 1 step agree.');
	own.write('steps/0-tiny.ts', own.read('steps/0-tiny.ts').replace("'unrest'", "'range'"));
	t.is((await own.run(['record', '--check'])).stdout, stdout);
});

test('a sweep of format 1 is read, and written as it was', t => {
	const sweep = readSweep(sample('sweep'));
	t.is(sweep.plan.step, 'tiny');
	t.deepEqual(sweep.plan.sample, {count: 2, draw: 1});
	t.is(sweep.runs.length, 6);
	t.is(sweep.epochs.at(-1)?.holdoutCorrect, 50);
	const folder = temporaryFolder(t);
	writeSweep(folder, sweep);
	t.deepEqual(filesOf(folder), filesOf(sample('sweep')));
});

const later = test.macro((t, kind: string, file: string, read: (folder: string) => unknown) => {
	const folder = temporaryFolder(t);
	cpSync(sample(kind), folder, {recursive: true});
	const place = path.join(folder, file);
	writeFileSync(place, JSON.stringify({format: 2, ...JSON.parse(readFileSync(place, 'utf8')), more: 'of it'}));
	const {path: named, problem} = t.throws(() => read(folder), {instanceOf: RecordError});
	t.is(named, place);
	t.is(problem, `it is of format 2, and Stepladder ${packageVersion()} reads format 1: use a newer version`);
});
test(
	'a promise of a later format is refused, and both are named',
	later,
	'record',
	'promise.json',
	readPreregistration,
);
test('a record of a later format is refused, and both are named', later, 'record', 'record.json', readRecord);
test('a sweep of a later format is refused, and both are named', later, 'sweep', 'sweep.json', readSweep);
