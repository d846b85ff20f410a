import test from 'ava';
import fc from 'fast-check';
import {estimate, points, roundInterval} from '../../ts/format/figures.js';

test('a difference that rounds to zero has no sign', t => {
	t.is(points(-0.000_01), '0.00 points');
	t.is(points(-0.0001), '-0.01 points');
});

test('an interval that excludes zero never shows a zero bound: it gets more digits', t => {
	t.is(estimate({mean: 0.000_744, low: 0.000_011, high: 0.001_477}), '0.0744 points (95 % interval 0.0011 to 0.1477)');
	t.is(estimate({mean: 0.0061, low: 0.0047, high: 0.0075}), '0.61 points (95 % interval 0.47 to 0.75)');
	t.is(estimate({mean: -0.000_1, low: -0.000_4, high: 0.000_2}), '-0.01 points (95 % interval -0.04 to 0.02)');
});

test('one seed has no interval', t => {
	t.is(
		estimate({mean: 0.0012, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY}),
		'0.12 points (one seed)',
	);
});

test('without variation between seeds there is no interval', t => {
	t.is(estimate({mean: 0.0012, low: 0.0012, high: 0.0012}), '0.12 points (with every seed)');
});

test('a printed mean is the midpoint of its printed interval, and each bound keeps its sign', t => {
	const fraction = fc.double({min: -0.05, max: 0.05, noNaN: true});
	fc.assert(
		fc.property(fraction, fc.double({min: 1e-5, max: 0.02, noNaN: true}), (mean, half) => {
			const [low, high] = [mean - half, mean + half];
			fc.pre(Math.abs(low) > 1e-7 && Math.abs(high) > 1e-7);
			const printed = roundInterval({mean, low, high});
			const decimals = new Set(Object.values(printed).map(text => text.split('.')[1]?.length));
			const middle = (Number(printed.low) + Number(printed.high)) / 2;
			return (
				decimals.size === 1 &&
				Math.abs(middle - Number(printed.mean)) < 1e-9 &&
				Math.sign(Number(printed.low)) === Math.sign(low) &&
				Math.sign(Number(printed.high)) === Math.sign(high)
			);
		}),
	);
	t.pass();
});
