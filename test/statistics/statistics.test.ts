import test from 'ava';
import {mcnemar} from '../../ts/statistics/mcnemar.js';
import {pairedDifference, seedsToTell} from '../../ts/statistics/paired.js';
import {spread} from '../../ts/statistics/spread.js';

const near = (actual: number, expected: number, digits: number): boolean =>
	Math.abs(actual - expected) < 0.5 * 10 ** -digits;

/** Hours of sleep gained by ten patients on two drugs (Student 1908, The probable error of a mean). */
const first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2];
const second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
const bySeed = (values: number[]): Map<number, number> => new Map(values.entries());

test('the paired difference of Student’s sleep data is as R’s documentation prints it', t => {
	// R: t.test(extra ~ group, data = sleep, paired = TRUE)
	const {difference, pValue, told} = pairedDifference(bySeed(first), bySeed(second));
	t.true(near(difference.mean, -1.58, 12));
	t.true(near(difference.low, -2.459_885_8, 6), String(difference.low));
	t.true(near(difference.high, -0.700_114_2, 6), String(difference.high));
	t.true(near(pValue, 0.002_833, 6), String(pValue));
	t.true(told);
});

test('seeds that only one side has are left out', t => {
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

test('a single seed tells nothing', t => {
	const {difference, pValue, told, seedsNeeded} = pairedDifference(new Map([[1, 2]]), new Map([[1, 1]]));
	t.deepEqual([difference.low, difference.high], [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
	t.deepEqual([pValue, told, seedsNeeded], [Number.NaN, false, Number.NaN]);
});

test('equal measures tell nothing, however many seeds', t => {
	const {pValue, told} = pairedDifference(bySeed([1, 2, 3]), bySeed([1, 2, 3]));
	t.deepEqual([pValue, told], [1, false]);
});

test('a medium effect takes 34 pairs, a large one 15, as in Cohen’s tables', t => {
	// G*Power: t test, matched pairs, two-sided, alpha 0.05, power 0.8, dz 0.5 and 0.8
	t.is(seedsToTell(0.5, 1), 34);
	t.is(seedsToTell(-0.8, 1), 15);
	t.is(seedsToTell(0, 1), Number.POSITIVE_INFINITY);
});

test('McNemar’s exact test of 9 against 2 is as R’s exact2x2 prints it', t => {
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
