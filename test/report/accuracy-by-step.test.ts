import test from 'ava';
import type {MeasuredRecord} from '../../ts/claims/measured-record.js';
import {accuracyByStep} from '../../ts/report/page/accuracy-by-step.js';

test('an interval that is wider than the axis ends at its edge, and leaves the chart its width', async t => {
	const step = {
		name: 'baseline',
		seeds: [1, 2],
		test: {values: [0.8, 0.9], mean: 0.85, low: 0.2, high: 1},
		record: {preregistration: {target: {testAccuracy: 0.8}}},
	} as unknown as MeasuredRecord;
	const {text} = await accuracyByStep([step], []);
	const [, width] = /mark-rule role-mark layer_1_marks" clip-path=.*?<line [^>]*x2="([\d.]+)"/.exec(text) ?? [];
	t.true(Number(width) > 500, text.slice(0, 200)); // an interval as wide as the chart of 860 pixels, and wider
});
