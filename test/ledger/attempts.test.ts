import test from 'ava';
import {attemptsBefore} from '../../ts/ledger/attempts.js';
import type {LedgerEvent, LedgerLine} from '../../ts/ledger/events.js';

const hash = (letter: string): string => letter.repeat(64);

/** Returns lines of a ledger, each with a hash of its own. */
const ledger = (...events: readonly LedgerEvent[]): LedgerLine[] =>
	[{event: 'opened', format: 1, files: {}} as const, ...events].map((event, index) => ({
		...event,
		...{time: '2026-11-30T12:00:00.000Z', previous: null, hash: String(index)},
	}));

const [own, other] = [hash('1'), hash('2')];
const promised = (promise: string, {step = 'tiny', experiment = own, seeds = [1, 2, 3]} = {}): LedgerEvent => ({
	...{event: 'promised', step, promise, experiment, data: hash('d'), seeds, file: 'steps/0-tiny.ts', source: hash('e')},
});
const training = (seeds: number[], {step = 'tiny', experiment = own, ...rest} = {}): LedgerEvent => ({
	...{event: 'training', step, experiment, data: hash('d'), seeds, engine: 'auto', ...rest},
});
const begun = (promise: string, seeds: number[]): LedgerEvent => ({event: 'begun', step: 'tiny', promise, seeds});
const recorded = (promise: string): LedgerEvent => ({event: 'recorded', step: 'tiny', promise, record: hash('f')});

const first = {number: 1, recorded: 0, trained: [], otherRuns: 0};

test('a first attempt without earlier runs is the first, and has no other runs', t => {
	t.deepEqual(attemptsBefore(ledger(promised('p'), begun('p', [1, 2, 3]), recorded('p')), 'p'), first);
	t.is(attemptsBefore(ledger(promised('p')), 'q'), undefined);
});

test('each earlier preregistration of the step counts, recorded or not, and none after it', t => {
	const lines = ledger(promised('p'), recorded('p'), promised('q'), promised('r'), recorded('r'), promised('s'));
	t.deepEqual(attemptsBefore(lines, 'r'), {...first, number: 3, recorded: 1});
	t.deepEqual(attemptsBefore(lines, 's'), {...first, number: 4, recorded: 2});
});

test('a step under another name is the same by its experiment, and another experiment by the name', t => {
	const renamed = promised('p', {step: 'tiny-again'});
	const changed = promised('q', {experiment: other});
	const foreign = promised('r', {step: 'large', experiment: other});
	t.is(attemptsBefore(ledger(renamed, changed, foreign, promised('s')), 's')?.number, 3);
});

test('one that stood before the ledger counts, too, whatever number its folder has', t => {
	const files = (...names: string[]): LedgerEvent => ({
		...{event: 'opened', format: 1, files: Object.fromEntries(names.map(name => [name, hash('a')]))},
	});
	const lines = (opened: LedgerEvent): LedgerLine[] =>
		ledger(promised('p')).with(0, {...ledger()[0], ...opened} as LedgerLine);
	t.deepEqual(attemptsBefore(lines(files('7-tiny/promise.json', '7-tiny/record.json')), 'p'), {
		...first,
		number: 2,
		recorded: 1,
	});
	t.deepEqual(attemptsBefore(lines(files('7-tiny/promise.json')), 'p'), {...first, number: 2});
	t.deepEqual(attemptsBefore(lines(files('7-not-tiny/promise.json')), 'p'), first);
});

test('seeds that were trained before are those of equal settings and images, by `train` or an earlier attempt', t => {
	t.deepEqual(attemptsBefore(ledger(training([2, 3, 4]), promised('p')), 'p'), {
		...first,
		trained: [2, 3],
		otherRuns: 1,
	});
	t.deepEqual(attemptsBefore(ledger(promised('p'), begun('p', [1]), promised('q')), 'q'), {
		...first,
		number: 2,
		trained: [1],
	});
	t.deepEqual(
		attemptsBefore(ledger(promised('p'), training([1]), promised('q')), 'p'),
		first,
		'what follows does not count',
	);
	t.deepEqual(
		attemptsBefore(ledger(training([1], {limitTest: 10} as object), promised('p')), 'p')?.trained,
		[1],
		'fewer test images are enough to choose a seed by',
	);
});

test('runs with other settings or images count once each, however often they were resumed', t => {
	const lines = ledger(
		training([1, 2], {experiment: other}),
		training([1, 2], {experiment: other}),
		training([1], {limitTrain: 100} as object),
		training([9]),
		training([1], {step: 'large', experiment: other}),
		promised('p'),
	);
	t.deepEqual(attemptsBefore(lines, 'p'), {...first, otherRuns: 4});
});
