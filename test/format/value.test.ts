import test from 'ava';
import {formatValue} from '../../ts/format/value.js';
import {defineStep, StepladderError} from '../../ts/index.js';

test('any value can be formatted', t => {
	const cyclic: Record<string, unknown> = {};
	cyclic['self'] = cyclic;
	t.is(formatValue('a'), '"a" (a string)');
	t.is(formatValue(1n), '1n (a bigint)');
	t.is(formatValue([1n]), '["1n"]');
	t.is(formatValue(cyclic), 'an object that can’t be shown');
	t.is(
		formatValue({
			toJSON() {
				throw new Error('no');
			},
		}),
		'an object that can’t be shown',
	);
	t.is(formatValue(Symbol('one')), 'symbol');
});

test('a bigint instead of a number is refused like any other value', t => {
	const definition = {name: 'one', experiment: {batchSize: 32n}} as unknown as Parameters<typeof defineStep>[0];
	t.throws(() => defineStep(definition), {instanceOf: StepladderError});
});
