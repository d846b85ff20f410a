import {createHash} from 'node:crypto';
import {
	appendFileSync,
	cpSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	truncateSync,
	writeFileSync,
} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import {execa} from 'execa';
import fc from 'fast-check';
import {RecordError, WriteError} from '../../ts/errors/index.js';
import type {LedgerEvent} from '../../ts/ledger/events.js';
import {appendToLedger, ledgerFile, ledgerHead, parseLedger, readLedger} from '../../ts/ledger/ledger.js';
import {root} from '../helpers/cli.js';
import {temporaryFolder} from '../helpers/folder.js';

const module = fileURLToPath(new URL('../../ts/ledger/ledger.js', import.meta.url));

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const sweeping = (sweep: string): LedgerEvent => ({event: 'sweeping', step: 'tiny', sweep, plan: sha256(sweep)});

/** Returns the names of the sweeps in a ledger. */
const sweepsIn = (ladder: string): string[] =>
	readLedger(ladder).flatMap(line => (line.event === 'sweeping' ? [line.sweep] : []));

test('each line has the hash of the line before it, and the first lists what stood before', t => {
	const ladder = temporaryFolder(t);
	const sample = path.join(root, 'test', 'samples', '0.1.0');
	cpSync(path.join(sample, 'record'), path.join(ladder, 'records', '0-tiny'), {recursive: true});
	cpSync(path.join(sample, 'sweep'), path.join(ladder, 'records', 'sweeps', 'rates'), {recursive: true});
	const head = appendToLedger(ladder, sweeping('first'));
	t.is(appendToLedger(ladder), head);
	t.is(ledgerHead(ladder), head);
	appendToLedger(ladder, sweeping('second'), sweeping('third'));
	const texts = readFileSync(ledgerFile(ladder), 'utf8').trimEnd().split('\n');
	const lines = texts.map(text => JSON.parse(text));
	t.deepEqual(
		lines.map(({event, sweep}) => [event, sweep]),
		[
			['opened', undefined],
			['sweeping', 'first'],
			['sweeping', 'second'],
			['sweeping', 'third'],
		],
	);
	t.deepEqual(
		lines.map(({previous}) => previous),
		[null, ...texts.slice(0, -1).map(sha256)],
	);
	t.deepEqual(
		readLedger(ladder).map(({hash}) => hash),
		texts.map(sha256),
	);
	t.is(head, sha256(texts[1] ?? ''));
	t.deepEqual(
		lines[0].files,
		Object.fromEntries(
			[
				...['promise.json', 'record.json', 'epochs.csv', 'predictions.jsonl'].map(name => `0-tiny/${name}`),
				...['sweep.json', 'epochs.csv'].map(name => `sweeps/rates/${name}`),
			].map(file => [file, sha256(readFileSync(path.join(ladder, 'records', file), 'utf8'))]),
		),
	);
	t.deepEqual(readdirSync(path.join(ladder, 'records')).toSorted(), ['0-tiny', 'ledger.jsonl', 'sweeps']);
});

test('processes that append at the same time lose none of their lines', async t => {
	const ladder = temporaryFolder(t);
	const [processes, each] = [4, 15];
	const script = `import {appendToLedger} from ${JSON.stringify(module)};
for (let line = 0; line < ${each}; line += 1) {
	appendToLedger(${JSON.stringify(ladder)}, {event: 'sweeping', step: 'tiny', sweep: process.argv[1] + '-' + line, plan: '0'.repeat(64)});
}`;
	await Promise.all(
		Array.from({length: processes}, async (_, index) =>
			execa(process.execPath, ['--input-type=module', '-e', script, `p${index}`]),
		),
	);
	const found = sweepsIn(ladder);
	t.is(readLedger(ladder).length, 1 + processes * each);
	for (const index of Array.from({length: processes}).keys()) {
		t.deepEqual(
			found.filter(name => name.startsWith(`p${index}-`)),
			Array.from({length: each}, (_, line) => `p${index}-${line}`),
		);
	}
});

test('a last line that was torn does not count, and the next takes its place', t => {
	const ladder = temporaryFolder(t);
	appendToLedger(ladder, sweeping('first'), sweeping('second'));
	const whole = readFileSync(ledgerFile(ladder), 'utf8');
	truncateSync(ledgerFile(ladder), whole.length - 10);
	t.deepEqual(sweepsIn(ladder), ['first']);
	appendToLedger(ladder, sweeping('third'));
	t.deepEqual(sweepsIn(ladder), ['first', 'third']);

	writeFileSync(ledgerFile(ladder), '{"time":"2026'); // torn as it was opened
	t.deepEqual(readLedger(ladder), []);
	appendToLedger(ladder, sweeping('fourth'));
	t.deepEqual(sweepsIn(ladder), ['fourth']);
});

test('an editor may remove the last line end, and git give every line another', t => {
	const ladder = temporaryFolder(t);
	appendToLedger(ladder, sweeping('first'), sweeping('second'));
	truncateSync(ledgerFile(ladder), readFileSync(ledgerFile(ladder)).length - 1);
	t.deepEqual(sweepsIn(ladder), ['first', 'second']);
	appendToLedger(ladder, sweeping('third'));
	t.deepEqual(sweepsIn(ladder), ['first', 'second', 'third']);
	writeFileSync(ledgerFile(ladder), readFileSync(ledgerFile(ladder), 'utf8').replaceAll('\n', '\r\n'));
	appendToLedger(ladder, sweeping('fourth'));
	t.deepEqual(sweepsIn(ladder), ['first', 'second', 'third', 'fourth']);
});

const full = process.platform === 'linux' ? test : test.skip;

full('a disk that is full leaves the ledger as it was', async t => {
	const ladder = temporaryFolder(t);
	appendToLedger(ladder, sweeping('first'));
	const before = readFileSync(ledgerFile(ladder), 'utf8');
	// A file may not grow beyond 1 KB: the last write ends after some of its bytes.
	const script = `import {appendToLedger} from ${JSON.stringify(module)};
try {
	appendToLedger(${JSON.stringify(ladder)}, {event: 'sweeping', step: 'tiny', sweep: 'x'.repeat(5000), plan: '0'.repeat(64)});
} catch ({code, message}) {
	process.stdout.write(JSON.stringify({code, message}));
}`;
	const {stdout} = await execa('bash', [
		...['-c', 'ulimit -f 1; trap "" XFSZ; exec "$0" "$@"', process.execPath],
		...['--input-type=module', '-e', script],
	]);
	const {code, message} = JSON.parse(stdout);
	t.is(code, 'write');
	t.is(message, `could not write the ledger ${ledgerFile(ladder)} (EFBIG: file too large, write)`);
	t.is(readFileSync(ledgerFile(ladder), 'utf8'), before);

	const empty = temporaryFolder(t);
	await execa('bash', [
		...['-c', 'ulimit -f 1; trap "" XFSZ; exec "$0" "$@"', process.execPath],
		...['--input-type=module', '-e', script.replaceAll(ladder, empty)],
	]);
	t.false(existsSync(ledgerFile(empty)));
});

test('something else in its place is reported, and stays', t => {
	const ladder = temporaryFolder(t);
	mkdirSync(ledgerFile(ladder), {recursive: true});
	t.throws(() => appendToLedger(ladder, sweeping('first')), {
		instanceOf: WriteError,
		message: /ledger\.jsonl \(there is something that is no file in its place; remove that\)$/,
	});
	t.throws(() => readLedger(ladder), {
		instanceOf: RecordError,
		message: /ledger\.jsonl: it should be a file, it is a folder$/,
	});
});

const isNamed = test.macro((t: ExecutionContext, change: (lines: string[]) => string[], problem: RegExp) => {
	const ladder = temporaryFolder(t);
	appendToLedger(ladder, sweeping('first'), sweeping('second'), sweeping('third'));
	const lines = readFileSync(ledgerFile(ladder), 'utf8').trimEnd().split('\n');
	writeFileSync(ledgerFile(ladder), `${change(lines).join('\n')}\n`);
	t.throws(() => readLedger(ladder), {instanceOf: RecordError, message: problem});
});

const [third, noHash] = [
	/ledger\.jsonl, line 3: /,
	'it does not have the hash of line 2: one of the two was changed, or lines were removed, added or moved; restore the ledger',
];
const hashProblem = new RegExp(`${third.source}${noHash}$`);

test('a changed line is named', isNamed, lines => lines.map(line => line.replace('"first"', '"fist"')), hashProblem);
test(
	'a removed line is named',
	isNamed,
	lines => lines.filter((_, index) => index !== 1),
	/line 2: it does not have the hash of line 1/,
);
test('lines in another order are named', isNamed, ([a = '', b = '', c = '', d = '']) => [a, b, d, c], hashProblem);
test('a line that was added is named', isNamed, ([a = '', b = '', ...rest]) => [a, b, b, ...rest], hashProblem);
test(
	'a ledger without its beginning is named',
	isNamed,
	lines => lines.slice(1),
	/line 1: it names a line before it: the ledger was cut at its beginning; restore it$/,
);
test('a line that is not JSON is named', isNamed, lines => lines.with(2, 'second'), /line 3: it is not JSON: /);
test(
	'a line without an event is named',
	isNamed,
	lines => lines.with(2, '[]'),
	/line 3: `event` should be one of `opened`, .*, or was noted by a newer version, got undefined/,
);
test(
	'an event of a newer version is named',
	isNamed,
	lines => lines.with(2, '{"event": "sung"}'),
	/line 3: `event` should be one of .*, or was noted by a newer version, got "sung"/,
);
test(
	'an unknown field is named',
	isNamed,
	lines => lines.map(line => line.replace('"sweep":"second"', '"sweep":"second","luck":1')),
	/line 3: unknown name `luck`/,
);
test(
	'a ledger that was opened twice is named',
	isNamed,
	lines => {
		const again = lines[0]?.replace('"previous":null', `"previous":"${sha256(lines.at(-1) ?? '')}"`) ?? '';
		return [...lines, again];
	},
	/line 5: the first line of a ledger, and no other, says when it was opened$/,
);

test('a ledger is not cut by what is appended to a damaged one', t => {
	const ladder = temporaryFolder(t);
	appendToLedger(ladder, sweeping('first'));
	appendFileSync(ledgerFile(ladder), 'something else\n');
	appendToLedger(ladder, sweeping('second'));
	t.regex(readFileSync(ledgerFile(ladder), 'utf8'), /"first".*\nsomething else\n.*"second"/);
	t.throws(() => readLedger(ladder), {message: /line 3: it is not JSON/});
});

test('any changed character of a ledger is found', t => {
	const ladder = temporaryFolder(t);
	appendToLedger(ladder, sweeping('first'), sweeping('second'), sweeping('third'));
	const text = readFileSync(ledgerFile(ladder), 'utf8');
	const last = text.trimEnd().lastIndexOf('\n'); // nothing has the hash of the last line but a record
	fc.assert(
		fc.property(fc.nat({max: last}), fc.string({unit: 'binary', minLength: 1, maxLength: 1}), (at, character) => {
			fc.pre(text[at] !== character && character !== '\r');
			const changed = text.slice(0, at) + character + text.slice(at + 1);
			t.throws(() => parseLedger(changed, 'ledger.jsonl'), {instanceOf: RecordError});
		}),
		{numRuns: 2000},
	);
});

test('any text at all is a ledger, or is refused with its line', t => {
	fc.assert(
		fc.property(
			fc.oneof(
				fc.string(),
				fc.json(),
				fc.array(fc.json()).map(lines => lines.join('\n')),
			),
			text => {
				try {
					parseLedger(text, 'ledger.jsonl');
				} catch (error) {
					t.true(error instanceof RecordError, String(error));
					t.regex((error as RecordError).path, /^ledger\.jsonl, line \d+$/);
				}
			},
		),
		{numRuns: 2000},
	);
});
