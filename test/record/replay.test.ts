import {cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {execa} from 'execa';
import fc from 'fast-check';
import {AbortError, type Ladder, openLadder, record} from '../../ts/index.js';
import {initLadder} from '../../ts/ladder/init-ladder.js';
import {checkLadder} from '../../ts/record/check.js';
import {LadderRecords} from '../../ts/record/ladder-records.js';
import {replay} from '../../ts/record/replay.js';
import {writeTexts} from '../../ts/record/write-texts.js';
import {binOf} from '../../ts/statistics/calibration.js';
import {main} from '../helpers/cli.js';
import {temporaryFolder} from '../helpers/folder.js';
import {resealRun, resealWithLedger} from '../helpers/forger.js';

/** A ladder of coloured shapes with one recorded step, which trains in a second. */
const recorded = mkdtempSync(path.join(os.tmpdir(), 'stepladder-test-'));
process.env['STEPLADDER_CACHE'] = path.join(recorded, '.cache');

test.before(async () => {
	initLadder(recorded);
	edit(recorded, 'steps/0-baseline.ts', 'epochs: 10,', 'epochs: 4,');
	const ladder = await openLadder(recorded);
	const recorder = await record(ladder, 'baseline', {seeds: [1, 2], out: path.join(recorded, 'runs')});
	await recorder.training?.result;
	recorder.write();
});
test.after.always(() => rmSync(recorded, {recursive: true, force: true}));

/** Makes a copy that a test may change. */
const copy = (t: ExecutionContext): string => {
	const folder = temporaryFolder(t);
	cpSync(recorded, folder, {recursive: true, filter: file => path.basename(file) !== '.cache'}); // other tests write it
	return folder;
};

/** Replaces the first match of a pattern; throws without one. */
const edit = (
	folder: string,
	file: string,
	pattern: RegExp | string,
	replacement: string | ((...found: string[]) => string),
): void => {
	const target = path.join(folder, file);
	const before = readFileSync(target, 'utf8');
	const after = before.replace(pattern, replacement as string);
	if (after === before) {
		throw new Error(`nothing in ${file} matches ${String(pattern)}`);
	}

	writeFileSync(target, after);
};

const check = async (ladder: Ladder): Promise<string[]> =>
	checkLadder(new LadderRecords(ladder), await ladder.data.open(ladder.folder), ladder.entries);

const replayAll = async (ladder: Ladder, seeds: readonly number[] = [1, 2]): Promise<string[]> => {
	const entry = ladder.entry('baseline');
	const known = new LadderRecords(ladder).of(entry);
	const data = await ladder.data.open(ladder.folder);
	const {signal} = new AbortController();
	return replay(entry, known.record, data, {seeds, signal, report() {}});
};

test('a record repeats to the bit, every epoch and every prediction of every seed', async t => {
	const ladder = await openLadder(recorded);
	t.deepEqual(await check(ladder), []);
	t.deepEqual(await replayAll(ladder), []);
});

const epochs = 'records/0-baseline/epochs.csv';
const answers = 'records/0-baseline/predictions.jsonl';
const seeds = 'records/0-baseline/record.json';

type Answered = {readonly labels: number[]; readonly mistakes: Record<string, number>};

/** Changes the predictions of a seed, and makes its classes, ranks and calibration fit them. */
const reanswer = (folder: string, seed: number, work: (answered: Answered) => void): void =>
	edit(folder, answers, new RegExp(`^\\{"seed":${seed},.*$`, 'm'), line => {
		const {labels, mistakes, evaluation, checksum} = JSON.parse(line ?? '');
		const before = [...labels].map(Number);
		const answered: Answered = {labels: [...before], mistakes: {...mistakes}};
		work(answered);
		const {expected, ranks, calibration} = evaluation;
		for (const [image, probability] of Object.entries(answered.mistakes)) {
			if (mistakes[image] === probability) {
				continue;
			}

			const to = calibration[binOf(probability)];
			if (mistakes[image] === undefined) {
				const from = calibration.findLast(([, correct]: number[]) => correct);
				const confidence = from[2] / from[0];
				[from[0], from[1], from[2]] = [from[0] - 1, from[1] - 1, from[2] - confidence];
				expected[image] = before[Number(image)];
				ranks[image] = 2;
			} else {
				const from = calibration[binOf(mistakes[image])];
				[from[0], from[2]] = [from[0] - 1, from[2] - mistakes[image]];
			}

			[to[0], to[2]] = [to[0] + 1, to[2] + probability];
		}

		return JSON.stringify({
			...{seed, labels: answered.labels.join(''), mistakes: answered.mistakes},
			...{evaluation: {expected, ranks, calibration}, checksum},
		});
	});

const firstMistake = ({mistakes}: Answered): string => Object.keys(mistakes)[0] ?? '';
const oneMore = (_: string, start = '', count = ''): string => `${start}${Number(count) + 1}`;
const oneLess = (_: string, start = '', count = ''): string => `${start}${Number(count) - 1}`;

type Replayed = readonly [what: string, forge: (folder: string, expected: Uint8Array) => void, named: RegExp];

/** Forgeries that only training again finds, each with the sentence that reports it. */
const forgeries: readonly Replayed[] = [
	[
		'all epochs of a seed, shifted by one image',
		folder => {
			edit(folder, epochs, /^(2,\d+,[^,]*,\d+,[^,]*,)(\d+)/gm, oneLess);
			reanswer(folder, 2, ({labels, mistakes}) => {
				const image = labels.findIndex((_, index) => mistakes[index] === undefined);
				labels[image] = ((labels[image] ?? 0) + 1) % 3;
				mistakes[image] = 0.5;
			});
		},
		/: `testCorrect` of seed 2, epoch 1 is \d+ in the record, \d+ when retrained on `fused`$/,
	],
	[
		'right answers while learning, in the middle',
		folder => edit(folder, epochs, /^(2,3,[^,]*,)(\d+)/m, oneMore),
		/: `trainCorrect` of seed 2, epoch 3 is \d+ in the record, \d+ when/,
	],
	[
		'right answers on test images, in the middle',
		folder => edit(folder, epochs, /^(1,2,[^,]*,\d+,[^,]*,)(\d+)/m, oneMore),
		/: `testCorrect` of seed 1, epoch 2 is /,
	],
	[
		'a loss while learning, by a millionth of a millionth',
		folder => edit(folder, epochs, /^(1,2,)([\d.]+)/m, (_, start = '', loss = '') => `${start}${Number(loss) + 1e-12}`),
		/: `trainLoss` of seed 1, epoch 2 is /,
	],
	[
		'a test loss of the last epoch',
		folder => edit(folder, epochs, /^(2,4,[^,]*,\d+),[^,]*/m, '$1,1.5'),
		/: `testLoss` of seed 2, epoch 4 is 1\.5 in the record, /,
	],
	[
		'what is known of the training images',
		folder => edit(folder, seeds, /("trainCleanCorrect": )(\d+)/, oneMore),
		/: `trainCleanCorrect` of seed 1 is \d+ in the record, \d+ when/,
	],
	[
		'what an image was wrongly taken for',
		(folder, expected) =>
			reanswer(folder, 1, answered => {
				const image = Number(firstMistake(answered));
				const before = answered.labels[image];
				answered.labels[image] = [0, 1, 2].find(label => label !== before && label !== expected[image]) ?? 0;
			}),
		/: the prediction for image \d+ of seed 1 is \d with a probability of [\d.]+ in the record, \d with a probability of /,
	],
	[
		'how sure of a wrong answer it was',
		folder =>
			reanswer(folder, 2, answered => {
				const image = firstMistake(answered);
				answered.mistakes[image] = answered.mistakes[image] === 0.61 ? 0.62 : 0.61;
			}),
		/: the prediction for image \d+ of seed 2 is \d with a probability of 0\.6[12] in the record, /,
	],
	[
		'the number of a seed',
		folder => {
			edit(folder, 'records/0-baseline/promise.json', /("seeds": \[\s*1,\s*)2/, '$17');
			edit(folder, seeds, '"seed": 2', '"seed": 7');
			edit(folder, epochs, /^2,/gm, '7,');
			edit(folder, answers, '{"seed":2', '{"seed":7');
		},
		/: `trainLoss` of seed 7, epoch 1 is /,
	],
	[
		'two seeds, each with the other’s figures',
		folder => {
			edit(folder, epochs, /^(1,(?:.*\n1,)*.*\n)(2,(?:.*\n2,)*.*\n)/m, (_, one = '', two = '') =>
				[two.replaceAll(/^2/gm, '1'), one.replaceAll(/^1/gm, '2')].join(''),
			);
			edit(folder, answers, /^\{"seed":1(.*)\n\{"seed":2(.*)\n/, '{"seed":1$2\n{"seed":2$1\n');
			edit(folder, seeds, /("trainCleanCorrect": )(\d+)(.*?"trainCleanCorrect": )(\d+)/s, '$1$4$3$2');
			edit(folder, seeds, /("seconds": )([\d.]+)(.*?"seconds": )([\d.]+)/s, '$1$4$3$2');
		},
		/: `trainLoss` of seed 1, epoch 1 is /,
	],
];

const isFound = test.macro(async (t: ExecutionContext, [, forge, named]: Replayed) => {
	const folder = copy(t);
	const {testLabels} = await (await openLadder(folder)).data.open(folder);
	forge(folder, testLabels());
	resealWithLedger(folder);
	writeTexts(await openLadder(folder));
	const ladder = await openLadder(folder);
	t.deepEqual(await check(ladder), []); // since everything was made to fit
	const found = await replayAll(ladder, new LadderRecords(ladder).of(ladder.entry('baseline')).seeds);
	t.true(
		found.some(sentence => named.test(sentence)),
		found.join('\n'),
	);
});

for (const forgery of forgeries) {
	test(`a replay finds a forgery that fits: ${forgery[0]}`, isFound, forgery);
}

/** Values that training again can't check, and the checksums, which a forger recomputes. */
const circumstances = /^(made|seconds|begun|threads|versions|addon|machine)$/;
const seals = /^(promise|checksums?)$/;

/** Returns every other value in JSON, by its path. */
const leaves = (value: unknown, at: readonly string[] = []): string[][] =>
	typeof value === 'object' && value !== null
		? Object.entries(value).flatMap(([key, part]) =>
				circumstances.test(key) || seals.test(key) ? [] : leaves(part, [...at, key]),
			)
		: [[...at]];

/** Returns another value of the same type. */
const other = (value: unknown, by: number): unknown =>
	typeof value === 'number'
		? Number.isSafeInteger(value)
			? value + by
			: value * (1 + by / 1000)
		: typeof value === 'boolean'
			? !value
			: `${String(value)}${by}`;

const changeLeaf = (text: string, pick: number, by: number): {text: string; what: string} => {
	const value = JSON.parse(text);
	const paths = leaves(value);
	const chosen = paths[Math.floor(pick * paths.length)] ?? [];
	let part = value;
	for (const key of chosen.slice(0, -1)) {
		part = part[key];
	}

	const key = chosen.at(-1) ?? '';
	part[key] = other(part[key], by);
	return {text: JSON.stringify(value, undefined, '\t'), what: chosen.join('.')};
};

const changeCell = (text: string, pick: number, by: number): {text: string; what: string} => {
	const rows = text.trimEnd().split('\n');
	const cells = rows.slice(1).flatMap((_, row) => Array.from({length: 6}, (_, cell) => ({row: row + 1, cell}))); // not seconds
	const {row, cell} = cells[Math.floor(pick * cells.length)] ?? {row: 1, cell: 0};
	const found = rows[row]?.split(',') ?? [];
	found[cell] = String(other(Number(found[cell]), by));
	rows[row] = found.join(',');
	return {text: `${rows.join('\n')}\n`, what: `row ${row}, cell ${cell}`};
};

const changeLine = (text: string, pick: number, by: number): {text: string; what: string} => {
	const lines = text.trimEnd().split('\n');
	const line = Math.floor(pick * lines.length);
	const changed = changeLeaf(lines[line] ?? '', (pick * lines.length) % 1, by);
	lines[line] = JSON.stringify(JSON.parse(changed.text));
	return {text: `${lines.join('\n')}\n`, what: `line ${line}: ${changed.what}`};
};

test('a check or a replay of every seed finds any changed value of a record, even with checksums that fit', async t => {
	const folder = copy(t);
	const names = [
		'promise.json',
		'record.json',
		'epochs.csv',
		'predictions.jsonl',
		'../../steps/0-baseline.ts',
		'../../README.md',
	];
	const files = names.map(name => path.join(folder, 'records', '0-baseline', name));
	const texts = new Map(files.map(file => [file, readFileSync(file, 'utf8')]));
	const forgery = fc.record({
		file: fc.constantFrom(...files.slice(0, 4)),
		pick: fc.double({min: 0, max: 1, maxExcluded: true, noNaN: true}),
		by: fc.constantFrom(-2, -1, 1, 2),
	});
	await fc.assert(
		fc.asyncProperty(forgery, async ({file, pick, by}) => {
			const change = file.endsWith('.csv') ? changeCell : file.endsWith('.jsonl') ? changeLine : changeLeaf;
			const {text, what} = change(texts.get(file) ?? '', pick, by);
			writeFileSync(file, text);
			resealWithLedger(folder);
			writeTexts(await openLadder(folder));
			const ladder = await openLadder(folder);
			const found = await check(ladder);
			if (found.length === 0) {
				const {seeds} = new LadderRecords(ladder).of(ladder.entry('baseline'));
				found.push(...(await replayAll(ladder, seeds)));
			}

			for (const [name, before] of texts) {
				writeFileSync(name, before);
			}

			t.true(found.length > 0, `${path.basename(file)}, ${what}, by ${by}`);
		}),
		{numRuns: 40},
	);
});

test('a replay of a seed that was not forged finds no difference', async t => {
	const folder = copy(t);
	edit(folder, epochs, /^(2,3,[^,]*,)(\d+)/m, oneMore);
	resealWithLedger(folder);
	const ladder = await openLadder(folder);
	t.deepEqual(await replayAll(ladder, [1]), []);
	t.is((await replayAll(ladder, [2])).length, 1);
});

/** Runs the command line in a folder. */
const start = (folder: string, ...words: string[]) =>
	execa(process.execPath, [main, ...words], {reject: false, cwd: folder, timeout: 240_000});

test('a replay of every seed resumes after an interruption', async t => {
	const ladder = await openLadder(recorded);
	const entry = ladder.entry('baseline');
	const known = new LadderRecords(ladder).of(entry);
	const data = await ladder.data.open(ladder.folder);
	const out = temporaryFolder(t);
	const interrupting = new AbortController();
	const options = {seeds: [1, 2], out, jobs: 1};
	await t.throwsAsync(
		replay(entry, known.record, data, {...options, signal: interrupting.signal, report: () => interrupting.abort()}),
		{instanceOf: AbortError},
	);
	const [begun] = readdirSync(path.join(out, 'baseline'));
	const {signal} = new AbortController();
	t.deepEqual(await replay(entry, known.record, data, {...options, signal, report() {}}), []);
	const runs = readdirSync(path.join(out, 'baseline'));
	t.is(runs.length, 2);
	t.true(runs.includes(begun ?? ''));
});

test('a replay of every seed reports each epoch, and removes its runs', async t => {
	const folder = copy(t);
	const {stdout, stderr, exitCode} = await start(folder, 'record', '--check', '--replay', 'all');
	t.is(
		stdout,
		'Retraining: baseline, all seeds: 1, 2, 4 epochs and all predictions\n' +
			'The records, text blocks and claims of 1 step agree, and everything retrained repeats to the bit.',
	);
	t.regex(String(stderr), /^baseline, seed 2: epoch 4 of 4 equals the record$/m);
	t.is(exitCode, 0);
	t.false(existsSync(path.join(folder, 'runs', '.replays')));
});

/** Edits of a finished run: file, pattern, replacement, whether its hashes are recomputed, and the sentence that reports it. */
type EditedRun = readonly [file: string, pattern: RegExp | string, replacement: string, sealed: boolean, named: RegExp];

const editedRuns: readonly EditedRun[] = [
	[
		'events.jsonl',
		/("epoch":2,.*"testCorrect":)\d+/,
		'$1333',
		false,
		/events\.jsonl: it is not what the run wrote; remove the run’s folder, or train again with `--fresh`$/,
	],
	[
		'events.jsonl',
		/("epoch":2,.*"testCorrect":)\d+/,
		'$1401',
		true,
		/: epoch 2 of seed 1 has 401 of 400 test images right; remove it/,
	],
	[
		'events.jsonl',
		/"learningRate":[\d.]+/,
		'"learningRate":42',
		true,
		/: epoch 1 of its events is not of `baseline` over all images at the schedule’s rate/,
	],
	[
		'events.jsonl',
		/"trainTotal":1200/,
		'"trainTotal":1100',
		true,
		/: epoch 1 of its events is not of `baseline` over all images/,
	],
	['events.jsonl', /"step":"baseline"/, '"step":"better"', true, /: epoch 1 of its events is not of `baseline`/],
	[
		'events.jsonl',
		/^.*"epoch":3.*\n/m,
		'',
		true,
		/: row 3 of the epochs should be epoch 3 of seed 1, it is epoch 4 of seed 1/,
	],
	[
		'events.jsonl',
		/"trainLoss":[\d.]+/,
		'"trainLoss":"low"',
		true,
		/events\.jsonl: `trainLoss` should be a number, at least 0, got "low"/,
	],
	['events.jsonl', /^\{/, '[', true, /events\.jsonl: .*JSON/],
	[
		'predictions.json',
		/"labels":\[\d,/,
		'"labels":[',
		true,
		/predictions\.json: it should have a class and a rank for each of 399 predictions/,
	],
	[
		'predictions.json',
		/"labels":\[\d/,
		'"labels":[7',
		true,
		/predictions\.json: image 0 is predicted as class 7 and is of class \d, which should not have rank 1/,
	],
	[
		'predictions.json',
		/"probabilities":\[[\d.]+/,
		'"probabilities":[2',
		true,
		/predictions\.json: `probabilities\.0` should be above 0 and at most 1, got 2/,
	],
	[
		'predictions.json',
		/"probabilities":\[[\d.]+/,
		'"probabilities":[0.9',
		false,
		/predictions\.json: it is not what the run wrote/,
	],
	['result.json', /("trainCleanCorrect": )\d+/, '$11201', true, /: seed 1 has 1201 of 1200 training images right/],
	['result.json', /("trainCleanCorrect": )\d+/, '$11199', false, /result\.json: it is not what the run wrote/],
	[
		'result.json',
		'"engine": "fused"',
		'"engine": "quantum"',
		true,
		/result\.json: `engine` should be one of `fused`, `aten`, got "quantum"/,
	],
	[
		'config.json',
		/("begun": ")\d+/,
		'$12001',
		true,
		/: the run of seed 1 began at 2001-.*, before its preregistration of 20/,
	],
	[
		'config.json',
		/"cores": \d+/,
		'"cores": 0',
		true,
		/config\.json: `machine\.cores` should be a whole number, at least 1, got 0/,
	],
	['config.json', /"cpu": ".*"/, '"cpu": "abacus"', false, /config\.json: it is not what the run wrote/],
];

const isRefused = test.macro(async (t: ExecutionContext, [file, pattern, replacement, sealed, named]: EditedRun) => {
	const folder = copy(t);
	const runs = path.join('runs', 'baseline');
	const run = path.join(runs, readdirSync(path.join(folder, runs)).find(name => name.endsWith('-s1')) ?? '');
	edit(folder, path.join(run, file), pattern, replacement);
	if (sealed) {
		resealRun(path.join(folder, run));
	}

	const ladder = await openLadder(folder);
	const recording = record(ladder, 'baseline', {seeds: [1, 2], out: path.join(folder, 'runs')});
	await t.throwsAsync(recording, {code: 'record', message: named});
});

for (const edited of editedRuns) {
	const [file, pattern, replacement, sealed] = edited;
	const how = sealed ? 'with hashes that fit' : 'without its hashes';
	test(
		`a finished run that was edited is refused: ${file}, ${String(pattern)} to ${replacement}, ${how}`,
		isRefused,
		edited,
	);
}

test('a target that was changed after its record is refused without `--fresh`, which the text block mentions', async t => {
	const folder = copy(t);
	edit(folder, 'steps/0-baseline.ts', 'testAccuracy: 0.6', 'testAccuracy: 0.55');
	const words = ['record', '--step', 'baseline', '--seeds', '1', '--out', 'runs'];
	const refused = await start(folder, ...words);
	t.is(refused.exitCode, 5);
	t.regex(
		String(refused.stderr),
		/promise\.json: `target\.testAccuracy` was preregistered as 0\.6, and is 0\.55 in the step now; put it back, or record again: npm run --prefix \S+ record -- --step baseline --fresh$/,
	);
	t.is((await start(folder, ...words, '--fresh')).exitCode, 0);
	const text = readFileSync(path.join(folder, 'steps/0-baseline.ts'), 'utf8').replaceAll(/\s+/g, ' ');
	t.regex(text, /Target: At least 55\.00 %/);
	t.regex(
		text,
		/Promised: On 20.* UTC, outside of git, before these runs\. This is attempt 2: of those before, 1 was recorded\. Seed 1 had been trained with these settings before, and evaluated on the test images\. 1 other run of the step, .* Ledger: [\da-f]{12}\. Result: /,
	);
});

test('seeds are preregistered too, so that none is chosen by its result', async t => {
	const folder = copy(t);
	const refused = await start(folder, 'record', '--step', 'baseline', '--seeds', '1-3', '--out', 'runs');
	t.is(refused.exitCode, 5);
	t.regex(
		String(refused.stderr),
		/promise\.json: seeds 1, 2 were preregistered, not 1, 2, 3; take those, add others later with `--add-seeds`, or preregister again with `--fresh`$/,
	);
});

test('`record` reports a false claim, and does not write it into the text block', async t => {
	const folder = copy(t);
	edit(
		folder,
		'steps/0-baseline.ts',
		"import {defineStep} from 'stepladder';",
		"import {claim, defineStep} from 'stepladder';",
	);
	edit(
		folder,
		'steps/0-baseline.ts',
		/\n\}\);\n$/,
		"\n\tanalysis: [claim(() => 'It knows all.', ({self}) => self.test.mean === 1)],\n});\n",
	);
	const {stderr, exitCode} = await start(folder, 'record', '--text');
	t.regex(
		String(stderr),
		/^steps\/0-baseline\.ts: claim 1 is false by the records: “It knows all\.”; the text block stays as it was$/,
	);
	t.is(exitCode, 1);
	t.notRegex(readFileSync(path.join(folder, 'steps/0-baseline.ts'), 'utf8'), /^- It knows all/m);
});
