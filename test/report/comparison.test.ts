import test from 'ava';
import {compare} from '../../ts/report/comparison.js';
import {ladder} from '../helpers/mnist.js';

test('the means of a comparison are over the same seeds as its difference', t => {
	// five seeds against three
	const {seeds, measures} = compare(ladder, 'base-skeleton', 'basic-setup');
	t.deepEqual(seeds, [1, 2, 3]);
	for (const {a, b, difference} of measures) {
		t.true(Math.abs(a - b - difference) < 1e-12);
	}
});
