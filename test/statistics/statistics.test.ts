import {readFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import {holm} from '../../ts/statistics/holm.js';
import {mcnemar} from '../../ts/statistics/mcnemar.js';
import {pairedDifference, seedsNeeded} from '../../ts/statistics/paired.js';
import {spread} from '../../ts/statistics/spread.js';
import {twoSided, withinMargin} from '../../ts/statistics/student.js';
import {root} from '../helpers/cli.js';

const near = (actual: number, expected: number, digits: number): boolean =>
	Math.abs(actual - expected) < 0.5 * 10 ** -digits;

/** Hours of sleep gained by ten patients on two drugs (Student 1908, The probable error of a mean). */
const first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2];
const second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
const bySeed = (values: number[]): Map<number, number> => new Map(values.entries());

test('the paired difference of Student’s sleep data equals that of R’s documentation', t => {
	// R: t.test(extra ~ group, data = sleep, paired = TRUE)
	const {difference, pValue, significant} = pairedDifference(bySeed(first), bySeed(second));
	t.true(near(difference.mean, -1.58, 12));
	t.true(near(difference.low, -2.459_885_8, 6), String(difference.low));
	t.true(near(difference.high, -0.700_114_2, 6), String(difference.high));
	t.true(near(pValue, 0.002_833, 6), String(pValue));
	t.true(significant);
});

test('seeds that only one side has are ignored', t => {
	const {difference} = pairedDifference(
		new Map([
			[1, 3],
			[2, 5],
		]),
		new Map([
			[2, 1],
			[3, 9],
		]),
	);
	t.deepEqual(difference.values, [4]);
});

test('nothing is significant with a single seed', t => {
	const {difference, pValue, significant, seedsNeeded} = pairedDifference(new Map([[1, 2]]), new Map([[1, 1]]));
	t.deepEqual([difference.low, difference.high], [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
	t.deepEqual([pValue, significant, seedsNeeded], [Number.NaN, false, Number.NaN]);
});

test('equal measures are never significant, however many seeds', t => {
	const {pValue, significant} = pairedDifference(bySeed([1, 2, 3]), bySeed([1, 2, 3]));
	t.deepEqual([pValue, significant], [1, false]);
});

test('equal differences are not significant, since their variance can’t be estimated', t => {
	const {difference, pValue, significant, seedsNeeded} = pairedDifference(
		bySeed([0.992, 0.993]),
		bySeed([0.991, 0.992]),
	);
	t.true(near(difference.mean, 0.001, 12));
	t.deepEqual([pValue, significant, seedsNeeded], [1, false, Number.NaN]);
	t.is(withinMargin(difference, 0.005), 1);
});

test('a medium effect takes 34 pairs, a large one 15, as in Cohen’s tables', t => {
	// G*Power: t test, matched pairs, two-sided, alpha 0.05, power 0.8, dz 0.5 and 0.8
	t.is(seedsNeeded(0.5, 1), 34);
	t.is(seedsNeeded(-0.8, 1), 15);
	t.is(seedsNeeded(0, 1), Number.POSITIVE_INFINITY);
});

test('McNemar’s exact test of 9 against 2 equals that of R’s exact2x2', t => {
	// exact2x2: mcnemar.exact(matrix(c(21, 9, 2, 12), 2, 2)), p-value = 0.06543
	t.true(near(mcnemar(9, 2).pValue, 0.065_43, 5));
	t.is(mcnemar(4, 4).pValue, 1);
	t.is(mcnemar(0, 0).pValue, 1);
});

test('a standard deviation and an interval are those of a textbook', t => {
	// NIST/SEMATECH e-Handbook, 1.3.5.2: n = 195, mean 9.261460, deviation 0.02278881, interval 9.258242 to 9.264679
	const scale = 0.022_788_81 / Math.sqrt(195 / 194);
	const values = Array.from(
		{length: 195},
		(_, i) => 9.26146 + scale * (i === 194 ? 0 : i % 2 === 0 ? 1 : -1) * Math.sqrt(195 / 194),
	);
	const {mean, deviation, low, high} = spread(values);
	t.true(near(mean, 9.261_46, 6));
	t.true(near(deviation, 0.022_788_81, 7), String(deviation));
	t.true(near(low, 9.258_242, 5), String(low));
	t.true(near(high, 9.264_679, 5), String(high));
});

/** Made by scripts/reference/make_statistics.py. */
const expected = JSON.parse(readFileSync(path.join(root, 'test', 'statistics', 'statsmodels.json'), 'utf8'));

/** Asserts equality to six significant digits, the precision of jStat. */
const alike = (actual: number, wanted: number): boolean => Math.abs(actual - wanted) <= 1e-6 * Math.abs(wanted) + 1e-12;

test('Holm’s correction is that of statsmodels', t => {
	for (const {p, corrected} of expected.holm) {
		const found = holm(p);
		t.true(
			found.every((value, index) => alike(value, corrected[index])),
			`${p}: ${found}`,
		);
	}
});

test('Holm’s correction never makes a test pass that does not pass by itself, and keeps the order', t => {
	fc.assert(
		fc.property(fc.array(fc.double({min: 0, max: 1, noNaN: true}), {minLength: 1, maxLength: 12}), ps => {
			const corrected = holm(ps);
			return ps.every(
				(p, index) =>
					(corrected[index] ?? 0) >= p &&
					(corrected[index] ?? 2) <= 1 &&
					ps.every((other, place) => other < p || (corrected[place] ?? 0) >= (corrected[index] ?? 0)),
			);
		}),
	);
	t.pass();
});

test('paired differences, their intervals and tests are those of statsmodels and scipy', t => {
	for (const {a, b, mean, low, high, p} of expected.paired) {
		const {difference, pValue} = pairedDifference(bySeed(a), bySeed(b));
		const pairs = [
			[difference.mean, mean],
			[difference.low, low],
			[difference.high, high],
			[pValue, p],
		];
		t.true(
			pairs.every(([found = 0, wanted = 0]) => alike(found, wanted)),
			String(pairs),
		);
	}
});

test('two one-sided tests within a margin are those of statsmodels', t => {
	for (const {a, b, within} of expected.paired) {
		const {difference} = pairedDifference(bySeed(a), bySeed(b));
		for (const {margin, p} of within) {
			t.true(alike(withinMargin(difference, margin), p), `${margin}: ${withinMargin(difference, margin)}, ${p}`);
		}
	}
});

test('the test of a mean against a bound is that of scipy', t => {
	for (const {a, off} of expected.paired) {
		for (const {bound, p} of off) {
			t.true(alike(twoSided(spread(a), bound), p), `${bound}: ${twoSided(spread(a), bound)}, ${p}`);
		}
	}
});

test('McNemar’s exact test is that of statsmodels', t => {
	for (const {onlyFirst, onlySecond, p} of expected.mcnemar) {
		t.true(alike(mcnemar(onlyFirst, onlySecond).pValue, p), `${onlyFirst}, ${onlySecond}`);
	}
});
