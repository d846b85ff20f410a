import test from 'ava';
import fc from 'fast-check';
import {roundToSum} from '../../ts/statistics/round-to-sum.js';

test('thirds of three seeds add up to the images of their class', t => {
	t.deepEqual(roundToSum([975 + 2 / 3, 1 / 3, 2 / 3, 10 / 3], 1), [975.7, 0.3, 0.7, 3.3]);
	t.deepEqual(roundToSum([1 / 3, 1 / 3, 1 / 3], 1), [0.4, 0.3, 0.3]);
});

test('a sum of fractions that is just below a whole number is that number', t => {
	t.deepEqual(roundToSum([0.999_999_999, 0], 0), [1, 0]);
});

test('rounded numbers add up, and none is off by a unit', t => {
	fc.assert(
		fc.property(
			fc.array(fc.integer({min: 0, max: 10_000}), {minLength: 1}),
			fc.integer({min: 1, max: 30}),
			(counts, seeds) => {
				const values = counts.map(count => count / seeds);
				const rounded = roundToSum(values, 1);
				const sum = (all: readonly number[]): number => all.reduce((total, value) => total + value, 0);
				t.true(Math.abs(10 * (sum(rounded) - sum(values))) < 0.5 + 1e-6);
				t.true(rounded.every((value, index) => Math.abs(value - (values[index] ?? 0)) < 0.1 + 1e-6));
			},
		),
	);
});
