import test from 'ava';
import {percent} from '../../ts/format/figures.js';

test('a percentage never looks better than it is', t => {
	t.deepEqual([0.994, 0.9941, 0.99399, 1, 0, 59_999 / 60_000, 9950 / 10_000].map(percent), [
		...['99.40', '99.41', '99.39', '100.00', '0.00', '99.99', '99.50'],
	]);
});
