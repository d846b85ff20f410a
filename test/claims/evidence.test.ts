import test from 'ava';
import {Analysis} from '../../ts/claims/analysis.js';
import {
	type AnalyzedRecord,
	equivalent,
	fell,
	inconclusive,
	isAbove,
	isBelow,
	onImages,
	rose,
	shareOfLast,
} from '../../ts/claims/evidence.js';
import {registerRecord} from '../../ts/claims/genuine.js';
import {mistakesOf} from '../../ts/claims/mistakes.js';
import {ConfigError} from '../../ts/errors/index.js';
import {type Measure, measures} from '../../ts/experiment/measures.js';
import {spread} from '../../ts/statistics/spread.js';

type Values = Partial<Record<Measure, readonly number[]>>;

/** Returns a record with these measures of seeds 1, 2, ...; the others are 0.5 for every seed. */
const record = (name: string, values: Values, count = 5): AnalyzedRecord => {
	const seeds = Array.from({length: count}, (_, index) => index + 1);
	const measured = Object.keys(measures).map(measure => {
		const given = values[measure as Measure] ?? seeds.map(() => 0.5);
		return [measure, {...spread(given), bySeed: new Map(seeds.map((seed, index) => [seed, given[index] ?? 0]))}];
	});
	return {
		name,
		seeds,
		record: {data: {}, answers: []},
		...Object.fromEntries(measured),
	} as unknown as AnalyzedRecord;
};

/** Differences of about one deviation over five seeds: p 0.03, which is not significant when corrected for two tests. */
const weak = [0.0006, 0.0014, 0.0002, 0.0011, 0.0004].map(value => value + 0.5);
const flat = [0.5, 0.5, 0.5, 0.5, 0.5];
const strong = [0.51, 0.5102, 0.5099, 0.5101, 0.51];

/** Evaluates claims of one analysis on two records. */
const examined = (
	self: Values,
	from: Values,
	claims: (self: AnalyzedRecord, from: AnalyzedRecord) => ReadonlyArray<() => boolean>,
	primary: Measure = 'test',
): boolean[] => {
	const analysis = new Analysis({steps: ['self', 'from'], primary});
	const all = claims(registerRecord(record('self', self)), registerRecord(record('from', from)));
	return analysis.evaluate(() => all.map(holds => analysis.decide(holds)));
};

test('the test of the primary measure is not corrected for the others', t => {
	const found = examined({test: weak, gap: strong, first: weak}, {}, (self, from) => [
		() => rose(self, from, 'test'),
		() => rose(self, from, 'gap'),
		() => rose(self, from, 'first'),
		() => rose(self, from, 'train'),
	]);
	t.deepEqual(found, [true, true, false, false]);
});

test('a measure that is significant by itself is not beside others, whichever claim comes first', t => {
	const alone = examined({gap: weak}, {}, (self, from) => [() => rose(self, from, 'gap')]);
	t.deepEqual(alone, [true]);
	const both = (self: AnalyzedRecord, from: AnalyzedRecord) => [
		() => rose(self, from, 'gap'),
		() => rose(self, from, 'first') || !fell(self, from, 'train'),
	];
	t.deepEqual(examined({gap: weak}, {}, both), [false, true]);
	t.deepEqual(
		examined({gap: weak}, {}, (self, from) => [...both(self, from)].reverse()),
		[true, false],
	);
});

test('another measure can be the primary one', t => {
	const claims = (self: AnalyzedRecord, from: AnalyzedRecord) => [
		() => rose(self, from, 'test'),
		() => fell(from, self, 'gap'),
		() => isAbove(self, 'lowest', 0.9),
	];
	t.deepEqual(examined({test: weak, gap: weak}, {}, claims, 'gap'), [false, true, false]);
	t.deepEqual(examined({test: weak, gap: weak}, {}, claims), [true, false, false]);
});

test('a test that several claims ask for counts once', t => {
	const found = examined({gap: weak}, {}, (self, from) => [
		() => rose(self, from, 'gap'),
		() => fell(from, self, 'gap'),
		() => !fell(self, from, 'gap'),
	]);
	t.deepEqual(found, [true, true, true]);
});

test('steps are equivalent if the difference is significantly small, not if it is only insignificant', t => {
	const close = [0.5001, 0.4999, 0.5, 0.5002, 0.4998];
	const wide = [0.52, 0.48, 0.5, 0.51, 0.49];
	t.true(equivalent(record('a', {test: close}), record('b', {test: flat}), 'test', 0.001));
	t.false(equivalent(record('a', {test: wide}), record('b', {test: flat}), 'test', 0.001));
	t.true(inconclusive(record('a', {test: wide}), record('b', {test: flat}), 'test'));
	// Significantly different and equivalent at once: a small difference.
	t.true(rose(record('a', {test: weak}), record('b', {test: flat}), 'test'));
	t.true(equivalent(record('a', {test: weak}), record('b', {test: flat}), 'test', 0.01));
	t.throws(() => equivalent(record('a', {}), record('b', {}), 'test', 0), {instanceOf: ConfigError, message: /margin/});
});

test('a difference that only the correction makes insignificant is not inconclusive', t => {
	const found = examined({gap: weak}, {}, (self, from) => [
		() => inconclusive(self, from, 'gap'),
		() => rose(self, from, 'gap'),
		() => rose(self, from, 'first'),
	]);
	t.deepEqual(found, [false, false, false]);
});

test('nothing is significant with one seed, and `inconclusive` is refused', t => {
	const [a, b] = [record('a', {test: [0.9]}, 1), record('b', {test: [0.8]}, 1)];
	t.false(rose(a, b, 'test'));
	t.false(equivalent(a, b, 'test', 0.5));
	t.throws(() => inconclusive(a, b, 'test'), {
		instanceOf: ConfigError,
		message: /^`a` and `b` can’t be tested with one seed: record both with more$/,
	});
});

test('a misspelled measure and a value that is not a record are refused by name', t => {
	const [self, from] = [record('self', {}), record('from', {})];
	const wrong = 'accuracy' as Measure;
	const unknown = /^`measure` should be one of `test`, `lowest`, .*, got "accuracy" \(a string\)$/;
	for (const call of [
		() => rose(self, from, wrong),
		() => fell(self, from, wrong),
		() => equivalent(self, from, wrong, 0.1),
		() => inconclusive(self, from, wrong),
		() => isAbove(self, wrong, 0.5),
	]) {
		t.throws(call, {instanceOf: ConfigError, message: unknown});
	}

	const none = /^`record` should be that of a step, such as `self`, `from` or `step\(NAME\)`, got /;
	for (const value of [undefined, null, 'self', {}, {seeds: [1]}] as never[]) {
		for (const call of [
			() => rose(self, value, 'test'),
			() => isBelow(value, 'test', 0.5),
			() => onImages(value, from, 1),
			() => shareOfLast(value, 1),
			() => mistakesOf(value),
		]) {
			t.throws(call, {instanceOf: ConfigError, message: none});
		}
	}
});
