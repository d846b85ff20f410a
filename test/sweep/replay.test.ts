import {createHash} from 'node:crypto';
import {cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {execa} from 'execa';
import {AbortError, openLadder, record, sweep} from '../../ts/index.js';
import {writeTexts} from '../../ts/record/write-texts.js';
import {readSweep} from '../../ts/sweep/file.js';
import {checkSweeps, writeSweepPages} from '../../ts/sweep/page.js';
import {replaySweep} from '../../ts/sweep/replay.js';
import {main} from '../helpers/cli.js';
import {temporaryFolder} from '../helpers/folder.js';
import {resealSweep, resealWithLedger} from '../helpers/forger.js';
import {ladder as mnist} from '../helpers/mnist.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const sweeps = 'records/sweeps/rates';

/** The folder of a ladder with a sweep of three trials, of which the last diverges, and a recorded step. */
const swept = tinyLadder({teardown() {}}).folder;
test.after.always(() => rmSync(swept, {recursive: true, force: true}));
test.before(async () => {
	const ladder = await openLadder(swept);
	await sweep(ladder, 'tiny', {
		...{vary: [{path: 'schedule.learningRate', values: [0.02, 1e6]}], seeds: [101, 102], holdout: 100, epochs: 3},
		...{name: 'rates', out: path.join(swept, 'runs')},
	});
	const recorder = await record(ladder, 'tiny', {seeds: [1], out: path.join(swept, 'runs')});
	await recorder.training?.result;
	recorder.write();
});

/** Makes a copy that a test may change. */
const copy = (t: ExecutionContext): string => {
	const folder = temporaryFolder(t);
	cpSync(swept, folder, {recursive: true});
	return folder;
};

/** Replaces the first match of a pattern in a file of the sweep; throws without one. */
const edit = (
	folder: string,
	name: 'sweep.json' | 'epochs.csv',
	pattern: RegExp | string,
	replacement: string | ((...found: string[]) => string),
): void => {
	const file = path.join(folder, sweeps, name);
	const before = readFileSync(file, 'utf8');
	const after = before.replace(pattern, replacement as string);
	if (after === before) {
		throw new Error(`nothing in ${name} matches ${String(pattern)}`);
	}

	writeFileSync(file, after);
};

/** Trains every run of the sweep again. */
const replayAll = async (ladderFolder: string): Promise<string[]> => {
	const ladder = await openLadder(ladderFolder);
	const folder = path.join(ladderFolder, sweeps);
	const recorded = readSweep(folder);
	const data = await ladder.data.open(ladder.folder);
	const {signal} = new AbortController();
	return replaySweep(folder, recorded, data, {runs: recorded.runs, ladder: ladderFolder, signal, report() {}});
};

test('a sweep repeats to the bit, every epoch of every run, and the runs that diverged diverge', async t => {
	const {runs} = readSweep(path.join(swept, sweeps));
	t.deepEqual(
		runs.map(({diverged}) => diverged === null),
		[true, true, true, true, false, false],
	);
	t.deepEqual(await checkSweeps(await openLadder(swept)), []);
	t.deepEqual(await replayAll(swept), []);
});

type Forged = readonly [what: string, forge: (folder: string) => void, named: RegExp];

const oneMore = (_: string, start = '', count = ''): string => `${start}${Number(count) + 1}`;

/**
 * Returns two blocks of rows with the losses and counts of each other; trial, seed, epoch and seconds stay, since a run may
 * take no less time than its epochs.
 */
const exchanged = (_: string, one = '', two = ''): string => {
	const figures = /(?<=^\d,\d+,\d+,).*(?=,[^,]*,[^,]*$)/gm;
	const having = (rows: string, others: string): string => {
		const replacements = others.match(figures) ?? [];
		return rows.replaceAll(figures, () => replacements.shift() ?? '');
	};
	return having(one, two) + having(two, one);
};

/** Forgeries that only training again finds, each with the sentence that reports it. */
const forgeries: readonly Forged[] = [
	[
		'another setting wins in every epoch',
		folder =>
			edit(folder, 'epochs.csv', /^(1,10\d,\d,[^,]*,[^,]*,)[^,]*,\d+/gm, (_, start = '') => `${start}0.001,100`),
		/rates: `holdoutLoss` of seed 101 of trial 1 \(schedule\.learningRate 0\.02\), epoch 1, is 0\.001 in the record, [\d.]+ when retrained$/,
	],
	[
		'one more held-out image right in the last epoch',
		folder =>
			edit(
				folder,
				'epochs.csv',
				/^(0,102,3,[^,]*,[^,]*,[^,]*,)(\d+)/m,
				(_, start, count) => `${start}${Number(count) === 100 ? 99 : Number(count) + 1}`,
			),
		/`holdoutCorrect` of seed 102 of trial 0 \(unchanged\), epoch 3, is \d+ in the record, \d+ when retrained$/,
	],
	[
		'one more training image right',
		folder => edit(folder, 'epochs.csv', /^(1,101,1,[^,]*,)(\d+)/m, oneMore),
		/`trainCorrect` of seed 101 of trial 1 .*, epoch 1, is /,
	],
	[
		'a training loss, by a millionth of a millionth',
		folder => edit(folder, 'epochs.csv', /^(1,102,2,)([\d.]+)/m, (_, start, loss) => `${start}${Number(loss) + 1e-12}`),
		/`trainLoss` of seed 102 of trial 1 .*, epoch 2, is /,
	],
	[
		'two seeds with the figures of the other',
		folder => edit(folder, 'epochs.csv', /^((?:0,101,.*\n)+)((?:0,102,.*\n)+)/m, exchanged),
		/of seed 101 of trial 0 \(unchanged\), epoch 1, is /,
	],
	[
		'two trials with the figures of the other',
		folder => edit(folder, 'epochs.csv', /^((?:0,.*\n)+)((?:1,.*\n)+)/m, exchanged),
		/of seed 101 of trial 0 \(unchanged\), epoch 1, is /,
	],
	[
		'the values of a trial',
		folder => edit(folder, 'sweep.json', '0.02', '0.021'),
		/of seed 101 of trial 1 \(schedule\.learningRate 0\.021\), epoch 1, is /,
	],
	[
		'the number of a seed',
		folder => {
			edit(folder, 'sweep.json', /102/g, '103');
			edit(folder, 'epochs.csv', /^(\d),102/gm, '$1,103');
		},
		/of seed 103 of trial 0 \(unchanged\), epoch 1, is /,
	],
	[
		'the seed by which held-out images were drawn',
		folder => edit(folder, 'sweep.json', /("drawSeed": )(\d+)/, oneMore),
		/of seed 101 of trial 0 \(unchanged\), epoch 1, is /,
	],
	[
		'the unchanged step’s experiment',
		folder => edit(folder, 'sweep.json', '"momentum": 0.9', '"momentum": 0.8'),
		/of seed 101 of trial 0 \(unchanged\), epoch 1, is /,
	],
	[
		'a run that finished is said to have diverged in its last epoch',
		folder => {
			edit(folder, 'sweep.json', /("trial": 1,\s+"seed": 102,.*?"diverged": )null/s, '$13');
			edit(folder, 'epochs.csv', /^1,102,3,.*\n/m, '');
		},
		/seed 102 of trial 1 .* diverged before epoch 3 ended in the record, and not when retrained$/,
	],
	[
		'a run that diverged is said to have diverged later',
		folder => {
			edit(folder, 'sweep.json', /("trial": 2,\s+"seed": 101,.*?"diverged": )1/s, '$12');
			edit(folder, 'epochs.csv', /$/, '2,101,1,3.5,40,2.5,10,0.000001,0\n');
		},
		/seed 101 of trial 2 .* diverged in epoch 2 in the record, and diverged in epoch 1 when retrained$/,
	],
];

const isFound = test.macro(async (t: ExecutionContext, [, forge, named]: Forged) => {
	const folder = copy(t);
	forge(folder);
	resealWithLedger(folder);
	const ladder = await openLadder(folder);
	t.deepEqual(await writeSweepPages(ladder), []);
	t.deepEqual(await checkSweeps(ladder), []); // since everything was made to fit
	const found = await replayAll(folder);
	t.true(
		found.some(sentence => named.test(sentence)),
		found.join('\n'),
	);
});

for (const forgery of forgeries) {
	test(`a replay finds a forgery of a sweep that fits: ${forgery[0]}`, isFound, forgery);
}

/** Edits that no training can find, after which the checksums fit and the ledger is as it was. */
const circumstances: ReadonlyArray<readonly [pattern: RegExp | string, replacement: string]> = [
	[/"node": "[^"]*"/, '"node": "99.0.0"'],
	[/"stepladder": "[^"]*"/, '"stepladder": "0.0.9"'],
	[/"cpu": "[^"]*"/, '"cpu": "A machine that never was"'],
	[/"cores": \d+/, '"cores": 4096'],
	[/"platform": "[^"]*"/, '"platform": "plan9"'],
	[/"file": "[\da-f]{8}/, '"file": "00000000'],
	[/"sources": "[\da-f]{8}/, '"sources": "00000000'],
	[/"threads": \d+/, '"threads": 17'],
	[/"seconds": [\d.]+/, '"seconds": 3600'],
	[/"begun": "2\d{3}/, '"begun": "2020'],
];

for (const [pattern, replacement] of circumstances) {
	test(`an edit of a sweep is named: ${String(pattern)} becomes ${replacement}`, async t => {
		const folder = copy(t);
		edit(folder, 'sweep.json', pattern, replacement);
		resealSweep(path.join(folder, sweeps));
		const ladder = await openLadder(folder);
		t.deepEqual(await writeSweepPages(ladder), []);
		t.regex((await checkSweeps(ladder)).join('\n'), /rates: it is not in \S*ledger\.jsonl as it is/);
	});
}

test('trials that were taken out of a sweep after it was trained are named, unless the ledger before it is rewritten', async t => {
	const folder = copy(t);
	const begun = (): string => readFileSync(path.join(folder, 'records/ledger.jsonl'), 'utf8').split('\n')[1] ?? '';
	const before = begun();
	t.regex(before, /"event":"sweeping"/);
	edit(folder, 'sweep.json', /("values": \[\s*)0\.02,\s*/, '$1');
	edit(folder, 'sweep.json', /(?:\t\t\{\n\t\t\t"trial": 1,[^}]*\},\n)+/, '');
	edit(folder, 'sweep.json', /"trial": 2/g, '"trial": 1');
	edit(folder, 'epochs.csv', /^(?:1,.*\n)+/m, '');
	resealWithLedger(folder);
	const ladder = await openLadder(folder);
	t.deepEqual(await writeSweepPages(ladder), []);
	t.deepEqual(await checkSweeps(ladder), []);
	t.deepEqual(await replayAll(folder), []);
	t.not(begun(), before);

	const file = path.join(folder, 'records/ledger.jsonl');
	let previous: string | null = null;
	const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
	const linked = lines.map((text, index) => {
		const {previous: _, ...line} = JSON.parse(index === 1 ? before : text);
		const written: string = JSON.stringify({...line, previous});
		previous = createHash('sha256').update(written).digest('hex');
		return written;
	});
	writeFileSync(file, `${linked.join('\n')}\n`);
	t.regex((await checkSweeps(await openLadder(folder))).join('\n'), /rates: it is not in \S*ledger\.jsonl as it is/);
});

/** Runs the command line in a folder. */
const start = async (folder: string, ...words: string[]) => {
	const {stdout, stderr, exitCode} = await execa(process.execPath, [main, ...words], {reject: false, cwd: folder});
	return {stdout, stderr, exitCode};
};

test('`record --check --replay` trains a drawn run of each sweep again, and `all` every run', async t => {
	const one = await start(swept, 'record', '--check', '--replay');
	t.regex(
		one.stdout,
		/^Retraining: sweep rates, (?:unchanged|schedule\.learningRate (?:0\.02|1000000)), seed 10[12], drawn at random of 6 runs, 3 epochs\n.*The records, text blocks and claims of 1 step and 1 sweep agree, and everything retrained repeats to the bit\.$/ms,
	);
	t.is(one.exitCode, 0, one.stderr);
	const all = await start(swept, 'record', '--check', '--replay', 'all');
	t.regex(all.stdout, /^Retraining: sweep rates, all 6 runs\n/m);
	t.regex(all.stderr, /^seed 102 of trial 1 \(schedule\.learningRate 0\.02\): epoch 3 of 3 equals the record$/m);
	t.is(all.exitCode, 0, all.stderr);
	t.false(existsSync(path.join(swept, 'runs', '.replays')));
	const alone = await start(swept, 'record', '--check', '--replay', '--step', 'tiny');
	t.notRegex(alone.stdout, /sweep/);
});

test('`record --check --replay all` fails for a sweep that was forged', async t => {
	const folder = copy(t);
	edit(folder, 'epochs.csv', /^(1,101,1,[^,]*,)(\d+)/m, oneMore);
	resealWithLedger(folder);
	const ladder = await openLadder(folder);
	t.deepEqual([...writeTexts(ladder), ...(await writeSweepPages(ladder))], []);
	const {stdout, exitCode} = await start(folder, 'record', '--check', '--replay', 'all');
	t.regex(stdout, /`trainCorrect` of seed 101 of trial 1 .* when retrained\n1 problem found\.$/);
	t.is(exitCode, 1);
});

test('a replay of all runs resumes after an interruption, and still compares the runs that were finished', async t => {
	const ladder = await openLadder(swept);
	const folder = path.join(swept, sweeps);
	const recorded = readSweep(folder);
	const data = await ladder.data.open(ladder.folder);
	const interrupting = new AbortController();
	const out = temporaryFolder(t);
	const options = {runs: recorded.runs, ladder: swept, out, jobs: 1};
	const second = /^seed 102 of trial 0 .*: epoch 2 /;
	const report = (sentence: string): void => (second.test(sentence) ? interrupting.abort() : undefined);
	await t.throwsAsync(replaySweep(folder, recorded, data, {...options, signal: interrupting.signal, report}), {
		instanceOf: AbortError,
	});
	t.is(readdirSync(out).length, 2);
	const sentences: string[] = [];
	const {signal} = new AbortController();
	const rest = {...options, signal, report: (sentence: string) => sentences.push(sentence)};
	t.deepEqual(await replaySweep(folder, recorded, data, rest), []);
	t.false(
		sentences.some(sentence => sentence.startsWith('seed 101 of trial 0 ')),
		'it had finished',
	);
	const forged = {
		...recorded,
		epochs: recorded.epochs.map((row, index) => (index === 0 ? {...row, trainLoss: 1} : row)),
	};
	t.regex(
		(await replaySweep(folder, forged, data, rest)).join('\n'),
		/`trainLoss` of seed 101 of trial 0 \(unchanged\), epoch 1, is 1 in/,
	);
});

test('a replay of the first epochs trains no others', async t => {
	const ladder = await openLadder(swept);
	const folder = path.join(swept, sweeps);
	const recorded = readSweep(folder);
	const data = await ladder.data.open(ladder.folder);
	const {signal} = new AbortController();
	const sentences: string[] = [];
	const options = {epochs: 2, ladder: swept, signal, report: (sentence: string) => sentences.push(sentence)};
	t.deepEqual(await replaySweep(folder, recorded, data, {...options, runs: recorded.runs.slice(0, 1)}), []);
	t.deepEqual(
		sentences,
		[1, 2].map(epoch => `seed 101 of trial 0 (unchanged): epoch ${epoch} of 3 equals the record`),
	);
});

test('the first epoch of a kept sweep of this project is equal to the bit when trained again', async t => {
	const folder = path.join(mnist.folder, 'records/sweeps/peak');
	const recorded = readSweep(folder);
	const data = await mnist.data.open(mnist.folder);
	const {signal} = new AbortController();
	const runs = recorded.runs.filter(({trial, seed}) => trial === 2 && seed === 103);
	t.is(runs.length, 1);
	t.deepEqual(
		await replaySweep(folder, recorded, data, {runs, epochs: 1, ladder: mnist.folder, signal, report() {}}),
		[],
	);
});
