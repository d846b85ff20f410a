import {createHash} from 'node:crypto';
import {cpSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {openLadder, record, StepladderError, sweep, train} from '../../ts/index.js';
import {checkLadder} from '../../ts/record/check.js';
import {LadderRecords} from '../../ts/record/ladder-records.js';
import {writeTexts} from '../../ts/record/write-texts.js';
import {checkSweeps} from '../../ts/sweep/page.js';
import {temporaryFolder} from '../helpers/folder.js';
import {reseal, resealSweep, resealWithLedger} from '../helpers/forger.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const ledger = 'records/ledger.jsonl';
const promise = 'records/0-tiny/promise.json';
const recorded = 'records/0-tiny/record.json';
const epochs = 'records/0-tiny/epochs.csv';
const step = 'steps/0-tiny.ts';
const sweepFile = 'records/sweeps/rates/sweep.json';

/** Records the step `tiny` of a ladder. */
const recordTiny = async (folder: string, seeds: readonly number[], fresh = false): Promise<void> => {
	const recorder = await record(await openLadder(folder), 'tiny', {seeds, out: path.join(folder, 'runs'), fresh});
	await recorder.training?.result;
	recorder.write();
};

/** Returns the sentences of `record --check`, one per line. */
const check = async (folder: string): Promise<string> => {
	try {
		const ladder = await openLadder(folder);
		const data = await ladder.data.open(ladder.folder);
		const problems = [...checkLadder(new LadderRecords(ladder), data, ladder.entries), ...(await checkSweeps(ladder))];
		return problems.join('\n').replaceAll(`${folder}/`, '');
	} catch (error) {
		if (error instanceof StepladderError) {
			return error.message.replaceAll(`${folder}/`, '');
		}

		throw error;
	}
};

/** A ladder whose step was trained, recorded, recorded again with other seeds, and swept. */
const original = tinyLadder({teardown() {}}, {epochs: 2, train: 200});
test.after.always(() => rmSync(original.folder, {recursive: true, force: true}));
test.before(async () => {
	const {folder} = original;
	const ladder = await openLadder(folder);
	await train(ladder.step('tiny'), {data: ladder.data, seeds: [3, 8]}).result;
	await recordTiny(folder, [1, 2]);
	await recordTiny(folder, [3, 4], true);
	const vary = [{path: 'schedule.learningRate', values: [0.01, 0.02]}];
	await sweep(ladder, 'tiny', {vary, seeds: [101], holdout: 100, name: 'rates', out: path.join(folder, 'runs')});
});

/** A copy of it, which a test may change. */
class Copy {
	readonly folder: string;

	constructor(t: ExecutionContext) {
		this.folder = temporaryFolder(t);
		cpSync(original.folder, this.folder, {recursive: true});
	}

	read(file: string): string {
		return readFileSync(path.join(this.folder, file), 'utf8');
	}

	write(file: string, text: string): void {
		writeFileSync(path.join(this.folder, file), text);
	}

	edit(file: string, pattern: RegExp | string, replacement: string): void {
		const before = this.read(file);
		const after = before.replace(pattern, replacement);
		if (after === before) {
			throw new Error(`${file} has no ${String(pattern)}`);
		}

		this.write(file, after);
	}

	/** Corrects all checksums, as a forger would. */
	reseal(): void {
		reseal(this.folder);
		resealSweep(path.join(this.folder, 'records/sweeps/rates'));
	}

	/** Changes the lines of the ledger, and corrects the hash of each line before. */
	relink(change: (lines: Array<Record<string, unknown>>) => Array<Record<string, unknown>>): void {
		const lines = this.read(ledger).trimEnd().split('\n');
		let previous: string | null = null;
		let text = '';
		for (const {previous: _, ...line} of change(lines.map(line => JSON.parse(line)))) {
			const linked: string = JSON.stringify({...line, previous});
			previous = createHash('sha256').update(linked).digest('hex');
			text += `${linked}\n`;
		}

		this.write(ledger, text);
	}
}

test('a record says what its ledger has of the time before, and everything agrees', async t => {
	t.is(await check(original.folder), '');
	const block = original.read(step).split('*/')[0]?.replaceAll(/\s+/g, ' ') ?? '';
	t.regex(
		block,
		/ Promised: On 2\d{3}-\d\d-\d\d \d\d:\d\d UTC, outside of git, before these runs\. This is attempt 2: of those before, 1 was recorded\. Seed 3 had been trained with these settings before, and evaluated on the test images\. 3 other runs of the step, with other seeds or settings, had been evaluated on the test images\. Ledger: [\da-f]{12}\. /,
	);
	const lines = original
		.read(ledger)
		.trimEnd()
		.split('\n')
		.map(line => JSON.parse(line));
	t.deepEqual(
		lines.map(({event, seeds, finished}) => [event, seeds ?? finished]),
		[
			['opened', undefined],
			['training', [3, 8]],
			['trained', [3, 8]],
			['promised', [1, 2]],
			['begun', [1, 2]],
			['recorded', undefined],
			['abandoned', undefined],
			['promised', [3, 4]],
			['begun', [3, 4]],
			['recorded', undefined],
			['sweeping', undefined],
			['swept', undefined],
		],
	);
	t.is(JSON.parse(original.read(recorded)).format, 2);
	t.is(JSON.parse(original.read(promise)).format, 2);
});

test('what is recorded is not recorded again, to the byte, and nothing is noted', async t => {
	const copy = new Copy(t);
	const files = [ledger, promise, recorded, step];
	const before = files.map(file => copy.read(file));
	await recordTiny(copy.folder, [3, 4]);
	t.deepEqual(
		files.map(file => copy.read(file)),
		before,
	);
});

/** An edit after which all checksums are corrected, and the sentence that reports it. */
type Forgery = readonly [file: string, pattern: RegExp | string, replacement: string, reported: RegExp];

const promiseMoved =
	/records\/0-tiny: its preregistration is not in records\/ledger\.jsonl where it says: the ledger was cut or rewritten, or the preregistration changed$/m;
const recordChanged =
	/records\/0-tiny: it is not in records\/ledger\.jsonl as it is: the ledger was cut or rewritten, or the record changed; if `record` was interrupted, run it again$/m;
const otherText = /steps\/0-tiny\.ts, line \d+: the text block says /;

const forgeries: readonly Forgery[] = [
	[promise, /"time": "2\d{3}-/, '"time": "2020-', promiseMoved],
	[promise, '"again": true', '"again": false', promiseMoved],
	[
		promise,
		'"commit": null',
		'"commit": {"hash": "a7b8c9d0a7b8c9d0a7b8c9d0a7b8c9d0a7b8c9d0", "clean": true}',
		promiseMoved,
	],
	[promise, /"version": "[^"]*"/, '"version": "0.0.9"', promiseMoved],
	[promise, /"ledger": "[\da-f]{8}/, '"ledger": "00000000', promiseMoved],
	[promise, /"made": \{.*?\n\t\}/s, '"made": {"by": "history"}', /promise\.json: /],
	[promise, /"format": 2,\n\t/, '', /promise\.json: it is not what was preregistered: the checksum differs/],
	[
		promise,
		'"format": 2',
		'"format": 3',
		/it is of format 3, and Stepladder [\d.]+ reads formats 1 to 2: use a newer version/,
	],
	[recorded, '"format": 2', '"format": 1', /`format` should be one of `2`/],
	[recorded, /"ledger": "[\da-f]{8}/, '"ledger": "00000000', recordChanged],
	[recorded, /"cores": \d+/, '"cores": 4096', recordChanged],
	[recorded, /"cpu": "[^"]*"/, '"cpu": "A machine that never was"', recordChanged],
	[recorded, /"file": "[\da-f]{8}/, '"file": "00000000', recordChanged],
	[recorded, /"sources": "[\da-f]{8}/, '"sources": "00000000', recordChanged],
	[recorded, /"node": "[^"]*"/, '"node": "99.0.0"', recordChanged],
	[recorded, /"threads": \d+/, '"threads": 17', recordChanged],
	[recorded, /"seconds": [\d.]+/, '"seconds": 3600', recordChanged],
	[recorded, /"begun": "2\d{3}/, '"begun": "2999', recordChanged],
	[epochs, /^(3,1,(?:[^,]*,){4})[\d.]+/m, '$10.001', recordChanged],
	[step, 'This is attempt 2: of those', 'This is attempt 1: of those', otherText],
	[step, /Ledger: [\da-f]/, 'Ledger: x', otherText],
	[step, /Seed 3 had been trained/, 'Seed 9 had been trained', otherText],
	[
		sweepFile,
		/"seconds": [\d.]+/,
		'"seconds": 3600',
		/records\/sweeps\/rates: it is not in records\/ledger\.jsonl as it is/,
	],
];

for (const [index, [file, pattern, replacement, reported]] of forgeries.entries()) {
	test(`forgery ${index + 1} is named: ${file}, ${String(pattern)} becomes ${JSON.stringify(replacement)}`, async t => {
		const copy = new Copy(t);
		copy.edit(file, pattern, replacement);
		copy.reseal();
		t.regex(await check(copy.folder), reported);
	});
}

test('a sweep of which another setting is to win is named', async t => {
	const copy = new Copy(t);
	copy.edit('records/sweeps/rates/epochs.csv', /^(1,101,2,[^,]*,[^,]*,[^,]*,)\d+/m, '$1100');
	copy.reseal();
	t.regex(await check(copy.folder), /records\/sweeps\/rates: it is not in records\/ledger\.jsonl as it is/);
});

test('a lowered target and a dropped seed are named, though step, preregistration and record agree', async t => {
	const lower = new Copy(t);
	lower.edit(step, 'testAccuracy: 0.5', 'testAccuracy: 0.4');
	lower.edit(promise, '"testAccuracy": 0.5', '"testAccuracy": 0.4');
	lower.reseal();
	t.regex(await check(lower.folder), promiseMoved);

	const fewer = new Copy(t);
	fewer.edit(promise, /"seeds": \[[^\]]*\]/, '"seeds": [4]');
	fewer.edit(recorded, /\t\t\{\n\t\t\t"seed": 3,.*?\n\t\t\},\n/s, '');
	fewer.edit(epochs, /^3,.*\n/gm, '');
	fewer.edit('records/0-tiny/predictions.jsonl', /^\{"seed":3,.*\n/m, '');
	fewer.reseal();
	t.regex(await check(fewer.folder), promiseMoved);
});

test('whoever rewrites the whole ledger is not named by it, and the record’s text has another line of it', async t => {
	const copy = new Copy(t);
	copy.edit(promise, /"time": "2\d{3}-/, '"time": "2020-');
	copy.edit(recorded, /"cores": \d+/, '"cores": 4096');
	resealWithLedger(copy.folder);
	t.regex(await check(copy.folder), /the text block says .*Ledger: [\da-f]{12}\..*, the records say/);
	writeTexts(await openLadder(copy.folder));
	t.is(await check(copy.folder), '');
});

/** Turns a record into one of the format from before there was a ledger. */
const asOlder = (copy: Copy): void => {
	copy.edit(promise, '"format": 2,\n\t', '');
	copy.edit(promise, /,\n\t\t"ledger": "[\da-f]{64}"/, '');
	copy.edit(recorded, '"format": 2,\n\t', '');
	copy.edit(recorded, /\t"ledger": "[\da-f]{64}",\n/, '');
	copy.reseal();
};

test('a record in the format from before there was a ledger is named beside a ledger that does not list it', async t => {
	const copy = new Copy(t);
	asOlder(copy);
	t.regex(
		await check(copy.folder),
		/records\/0-tiny: it has the format from before there was a ledger, and did not stand like this when records\/ledger\.jsonl was opened$/m,
	);
});

test('a record that stood before its ledger is listed there, and what changes in it later is named', async t => {
	const copy = new Copy(t);
	asOlder(copy);
	rmSync(path.join(copy.folder, ledger));
	const ladder = await openLadder(copy.folder);
	const data = await ladder.data.open(ladder.folder);
	t.regex(await check(copy.folder), otherText); // its text no longer knows attempts
	t.deepEqual(writeTexts(ladder), []);
	t.is(await check(copy.folder), '');
	t.false(readdirSync(path.join(copy.folder, 'records')).includes('ledger.jsonl'));

	await train(ladder.step('tiny'), {data: {open: async () => data}, seeds: [7]}).result; // opens a ledger
	t.is(await check(copy.folder), '');
	copy.edit(recorded, /"cores": \d+/, '"cores": 4096');
	copy.reseal();
	t.regex(await check(copy.folder), /did not stand like this when records\/ledger\.jsonl was opened$/m);

	await recordTiny(copy.folder, [3, 4], true);
	t.is(await check(copy.folder), '');
	t.regex(copy.read(step).replaceAll(/\s+/g, ' '), /This is attempt 2: of those before, 1 was recorded\./);
});

test('a ledger that is missing is named, and one that was cut', async t => {
	const missing = new Copy(t);
	rmSync(path.join(missing.folder, ledger));
	t.regex(await check(missing.folder), /records\/0-tiny: records\/ledger\.jsonl, in which it was noted, is missing$/m);

	const emptied = new Copy(t);
	emptied.write(ledger, '');
	t.regex(await check(emptied.folder), /records\/0-tiny: records\/ledger\.jsonl, in which it was noted, is missing$/m);

	const cut = new Copy(t);
	cut.edit(ledger, /^(?:.*\n){3}$/m, ''); // the record’s line, and those of the sweep
	t.regex(await check(cut.folder), recordChanged);
	t.regex(await check(cut.folder), /records\/sweeps\/rates: it is not in records\/ledger\.jsonl as it is/);
});

test('a ledger without an earlier attempt, linked again, is named by the records that it has', async t => {
	const copy = new Copy(t);
	copy.relink(([opened = {}, ...lines]) => [opened, ...lines.slice(6)]); // without the training and the first attempt
	t.regex(await check(copy.folder), promiseMoved);

	const training = new Copy(t);
	training.relink(lines => lines.map(line => (line['event'] === 'training' ? {...line, seeds: [8]} : line)));
	t.regex(await check(training.folder), promiseMoved);
});

test('a changed value of any line of the ledger is named, also where all later lines are linked again', async t => {
	const lines = original.read(ledger).trimEnd().split('\n').slice(0, -2); // no record has the hash of what follows it
	for (const [index, text] of lines.entries()) {
		const line = JSON.parse(text);
		const isLast = index === lines.length - 1; // the record’s own line, whose hash it can’t have
		for (const [key, value] of Object.entries(line).filter(
			([key]) => key !== 'previous' && !(isLast && key === 'time'),
		)) {
			const changed = changedValue(value);
			const copy = new Copy(t);
			copy.relink(lines => lines.with(index, {...line, [key]: changed}));
			t.not(await check(copy.folder), '', `line ${index + 1}, ${key}`);
		}
	}
});

test('a changed value of any field of a record or preregistration is named, with all checksums corrected', async t => {
	for (const file of [promise, recorded]) {
		for (const place of leavesOf(JSON.parse(original.read(file)))) {
			const copy = new Copy(t);
			copy.write(file, `${JSON.stringify(withChanged(JSON.parse(copy.read(file)), place), undefined, '\t')}\n`);
			copy.reseal();
			if (copy.read(file) !== original.read(file)) {
				t.not(await check(copy.folder), '', `${file}, ${place.join('.')}`);
			}
		}
	}
});

/** Returns another value of the same type. */
const changedValue = (value: unknown): unknown => {
	if (typeof value === 'string') {
		const last = value.slice(-1);
		return /^2\d{3}-.*Z$/.test(value)
			? `2${value[1] === '9' ? '1' : '9'}${value.slice(2)}`
			: value.slice(0, -1) + (last === '1' ? '2' : '1');
	}

	return typeof value === 'number'
		? value + 1
		: typeof value === 'boolean'
			? !value
			: Array.isArray(value)
				? [...value, 99]
				: {...(value as object), '1-other/record.json': '0'.repeat(64)};
};

/** Returns the paths of all values that are no lists and no objects. */
const leavesOf = (value: unknown): string[][] =>
	value === null || typeof value !== 'object'
		? [[]]
		: Object.entries(value).flatMap(([key, inner]) => leavesOf(inner).map(rest => [key, ...rest]));

const withChanged = (value: unknown, [key, ...rest]: readonly string[]): unknown => {
	if (key === undefined) {
		return value === null ? 1 : changedValue(value);
	}

	const changed = withChanged((value as Record<string, unknown>)[key], rest);
	return Array.isArray(value) ? value.with(Number(key), changed) : {...(value as object), [key]: changed};
};

test('`--fresh` until a step at chance reaches its target is counted, also where the record was removed between', async t => {
	const own = tinyLadder(t, {epochs: 1, train: 100});
	own.write(
		step,
		own
			.read(step)
			.replace('learningRate: 0.01', 'learningRate: 1e-9')
			.replace('testAccuracy: 0.5, heldFor: 2', 'testAccuracy: 0.25, heldFor: 1'),
	);
	const text = (): string => own.read(step).split('*/')[0]?.replaceAll(/\s+/g, ' ') ?? '';
	let attempts = 0;
	do {
		attempts += 1;
		if (attempts === 3) {
			rmSync(path.join(own.folder, 'records/0-tiny'), {recursive: true});
			rmSync(path.join(own.folder, 'runs'), {recursive: true});
		}

		await recordTiny(own.folder, [attempts], true);
		t.is(await check(own.folder), '');
	} while (!/Result: (?:Held|Trivial)/.test(text()) && attempts < 40);

	t.true(attempts > 3, `it took ${attempts} attempts`);
	t.true(text().includes(`This is attempt ${attempts}: of those before, ${attempts - 1} were recorded. `), text());
	t.true(text().includes(`${attempts - 1} other runs of the step, with other seeds or settings, had been evaluated`));

	rmSync(path.join(own.folder, 'records'), {recursive: true}); // the whole history
	await recordTiny(own.folder, [attempts], true);
	t.notRegex(text(), /attempt|other runs/);
});

test('an attempt that was interrupted counts, and resuming one is no other attempt', async t => {
	const own = tinyLadder(t, {epochs: 2, train: 200});
	const begin = async (seeds: readonly number[], fresh: boolean): Promise<void> => {
		const recorder = await record(await openLadder(own.folder), 'tiny', {
			seeds,
			out: path.join(own.folder, 'runs'),
			fresh,
		});
		recorder.training?.abort();
		await t.throwsAsync(async () => recorder.training?.result, {code: 'cancelled'});
	};
	await begin([1], false);
	await begin([1], false);
	await begin([2], true);
	await recordTiny(own.folder, [2]);
	t.regex(
		own.read(step).replaceAll(/\s+/g, ' '),
		/before these seeds were trained\. This is attempt 2: of those before, 1 was abandoned\. 1 other run of the step/,
	);
	t.is(await check(own.folder), '');
});

test('a recording that was killed after it wrote the preregistration, or the record, is noted by the next command', async t => {
	for (const [lost, events] of [
		[4, ['promised', 'begun', 'recorded']],
		[1, ['recorded']],
	] as const) {
		const own = tinyLadder(t, {epochs: 2, train: 200});
		await recordTiny(own.folder, [1]);
		const lines = own.read(ledger).trimEnd().split('\n');
		own.write(ledger, `${lines.slice(0, Math.max(1, lines.length - lost)).join('\n')}\n`);
		t.regex(await check(own.folder), lost === 1 ? recordChanged : promiseMoved);
		if (lost > 1) {
			rmSync(path.join(own.folder, recorded));
			rmSync(path.join(own.folder, 'runs'), {recursive: true});
		}

		await recordTiny(own.folder, [1]);
		t.is(await check(own.folder), '');
		const found = own
			.read(ledger)
			.trimEnd()
			.split('\n')
			.map(line => JSON.parse(line).event);
		t.deepEqual(found.slice(-events.length), [...events]);
	}
});
