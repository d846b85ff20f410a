import {rmSync} from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {readLedger} from '../../ts/ledger/ledger.js';
import {additionProblem} from '../../ts/record/added-seeds.js';
import {readRecord} from '../../ts/record/file.js';
import type {OwnLadder} from '../helpers/own-ladder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

/** Makes a ladder whose step has a record of two seeds. */
const recorded = async (t: ExecutionContext): Promise<OwnLadder> => {
	const ladder = tinyLadder(t, {epochs: 2});
	const {exitCode, stderr} = await ladder.run(['record', '--step', 'tiny', '--seeds', '1,2']);
	t.is(exitCode, 0, stderr);
	return ladder;
};

const add = async (ladder: OwnLadder, seeds: string, ...words: string[]) =>
	ladder.run(['record', '--step', 'tiny', '--add-seeds', seeds, ...words]);

const check = async (ladder: OwnLadder) => (await ladder.run(['record', '--check'])).stdout;

const lines = (ladder: OwnLadder): Array<Record<string, unknown>> =>
	ladder
		.read('records/ledger.jsonl')
		.trimEnd()
		.split('\n')
		.map(line => JSON.parse(line) as Record<string, unknown>);

const recordOf = (ladder: OwnLadder) => JSON.parse(ladder.read('records/0-tiny/record.json'));

test('seeds are noted before they are trained, stated in the text, and leave those before as they were', async t => {
	const ladder = await recorded(t);
	const [before, epochs, promise] = [
		recordOf(ladder),
		ladder.read('records/0-tiny/epochs.csv'),
		ladder.read('records/0-tiny/promise.json'),
	];
	rmSync(path.join(ladder.folder, 'runs'), {recursive: true}); // the record has all that is needed of them
	const {exitCode, stderr} = await add(ladder, '6-8');
	t.is(exitCode, 0, stderr);
	t.regex(stderr, /Seed 1 was finished before\nSeed 2 was finished before$/);

	const after = recordOf(ladder);
	t.is(after.format, 3);
	t.deepEqual(
		after.seeds.map(({seed}: {seed: number}) => seed),
		[1, 2, 6, 7, 8],
	);
	t.deepEqual(after.seeds.slice(0, 2), before.seeds);
	t.true(ladder.read('records/0-tiny/epochs.csv').startsWith(epochs));
	t.is(ladder.read('records/0-tiny/promise.json'), promise);

	const noted = lines(ladder);
	t.deepEqual(
		noted.map(({event}) => event),
		['opened', 'promised', 'begun', 'recorded', 'added', 'begun', 'recorded'],
	);
	const line = noted[4];
	t.deepEqual([line?.['step'], line?.['seeds'], line?.['record']], ['tiny', [6, 7, 8], noted[3]?.['record']]);
	t.true(Date.parse(String(line?.['time'])) <= Date.parse(after.seeds[2].begun));
	t.regex(
		ladder.read('steps/0-tiny.ts').replaceAll(/\n +/g, ' '),
		/Seeds 6 to 8 were added on \d{4}-\d\d-\d\d \d\d:\d\d UTC, outside of git, when the results of seeds 1, 2 were known\. .*by \d of 5 seeds \(seeds 1, 2, 6, 7, 8\)/s,
	);
	t.regex(await check(ladder), /^The records, text blocks and claims of 1 step agree\.$/m);
	const replayed = await ladder.run(['record', '--check', '--replay', 'all']);
	t.regex(replayed.stdout, /everything retrained repeats to the bit/);

	// further ones, and the same command again
	t.is((await add(ladder, '3')).exitCode, 0);
	t.deepEqual(
		recordOf(ladder).added.map(({seeds}: {seeds: number[]}) => seeds),
		[[6, 7, 8], [3]],
	);
	t.regex(await check(ladder), /agree\.$/m);
	const same = ladder.read('records/0-tiny/record.json');
	t.is((await ladder.run(['record', '--step', 'tiny', '--seeds', '1,2'])).exitCode, 0);
	t.is(ladder.read('records/0-tiny/record.json'), same, 'recording again drops none');
});

/** Makes it look as if a command had been killed before it wrote the record with the added seeds. */
const unwrite = (ladder: OwnLadder, files: ReadonlyMap<string, string>): void => {
	for (const [file, text] of files) {
		ladder.write(file, text);
	}

	const noted = ladder.read('records/ledger.jsonl').trimEnd().split('\n');
	ladder.write('records/ledger.jsonl', `${noted.slice(0, -1).join('\n')}\n`);
};

const filesOf = (ladder: OwnLadder): ReadonlyMap<string, string> =>
	new Map(
		[
			'records/0-tiny/record.json',
			'records/0-tiny/epochs.csv',
			'records/0-tiny/predictions.jsonl',
			'steps/0-tiny.ts',
		].map(file => [file, ladder.read(file)]),
	);

test('an addition that was interrupted is finished by the same command or a plain one, and by no other seeds', async t => {
	const ladder = await recorded(t);
	const before = filesOf(ladder);
	t.is((await add(ladder, '6,7')).exitCode, 0);
	const whole = filesOf(ladder);
	for (const words of [
		['--add-seeds', '6,7'],
		['--seeds', '1,2'],
	]) {
		unwrite(ladder, before);
		t.regex(await check(ladder), /agree\.$/m, 'the record that stands is a whole one');
		const other = await add(ladder, '8');
		t.is(other.exitCode, 5);
		t.regex(
			other.stderr,
			/seeds 6, 7 were added before and have not been recorded: finish them first, with `--add-seeds 6,7`$/,
		);
		t.is((await ladder.run(['record', '--step', 'tiny', ...words])).exitCode, 0);
		t.is(ladder.read('records/0-tiny/epochs.csv'), whole.get('records/0-tiny/epochs.csv') ?? '');
		t.is(lines(ladder).filter(({event}) => event === 'added').length, 1);
		t.regex(await check(ladder), /agree\.$/m);
	}
});

test('an addition is refused where it can’t be one, before anything is noted', async t => {
	const empty = tinyLadder(t);
	const none = await add(empty, '6');
	t.is(none.exitCode, 2);
	t.regex(none.stderr, /^stepladder: seeds can’t be added to `tiny`: it has no record yet; try: /);

	const ladder = await recorded(t);
	const before = ladder.read('records/ledger.jsonl');
	for (const [words, sentence] of [
		[['2,3'], /seed 2 is in the record of `tiny` already, which has seeds 1, 2: add others$/],
		[['6', '--fresh'], /`fresh` can’t be used with seeds that are added|`--fresh` and `--add-seeds`/],
		[['6', '--seeds', '1,2'], /`--seeds` and `--add-seeds` can’t be used together/],
		[['6', '--check'], /`--check` and `--add-seeds` can’t be used together/],
		[['6', '--timestamp', 'http://127.0.0.1:9/'], /`timestamp` can’t be used with seeds that are added/],
	] as const) {
		const [seeds, ...others] = words;
		const {exitCode, stderr} = await add(ladder, seeds, ...others);
		t.is(exitCode, 2, stderr);
		t.regex(stderr, sentence);
	}

	ladder.write('steps/0-tiny.ts', ladder.read('steps/0-tiny.ts').replace('learningRate: 0.01', 'learningRate: 0.02'));
	const changed = await add(ladder, '6');
	t.is(changed.exitCode, 5);
	t.regex(
		changed.stderr,
		/`experiment\.schedule\.learningRate` was preregistered as 0\.01, and is 0\.02 in the step now/,
	);
	t.is(ladder.read('records/ledger.jsonl'), before);
});

test('`record --check` finds an addition that the ledger has otherwise, that was dropped, or beside changed seeds', async t => {
	const ladder = await recorded(t);
	const first = readRecord(path.join(ladder.folder, 'records/0-tiny'));
	await add(ladder, '6,7');
	const record = readRecord(path.join(ladder.folder, 'records/0-tiny'));
	const ledger = readLedger(ladder.folder);
	t.is(additionProblem(record, ledger), undefined);
	t.is(additionProblem(first, ledger), undefined, 'an earlier record stands before the addition');

	const [added] = record.added ?? [];
	const other = {...record, added: [{seeds: [6, 7, 8], line: added?.line ?? ''}]};
	t.is(additionProblem(other, ledger), 'that seeds 6 to 8 were added is not in the ledger as the record says');
	const early = record.seeds.map(seed => (seed.seed === 7 ? {...seed, begun: first.seeds[0]?.begun ?? null} : seed));
	t.regex(
		additionProblem({...record, seeds: early}, ledger) ?? '',
		/^the run of seed 7 began at .*, before it was added at /,
	);
	const better = record.epochs.map(row => (row.seed === 1 ? {...row, testCorrect: row.testCorrect + 1} : row));
	t.is(
		additionProblem({...record, epochs: better}, ledger),
		'its seeds before seeds 6, 7 are not as they were recorded when those were added',
	);
	t.is(
		additionProblem({...first, ledger: record.ledger}, ledger),
		'it lacks seeds 6, 7, which were added before it was written',
	);

	// as `record --check` prints it
	const file = 'records/0-tiny/record.json';
	ladder.write(file, ladder.read(file).replace(/"format": 3/, '"format": 2'));
	t.regex(await check(ladder), /record\.json/);
});
