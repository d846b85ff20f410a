import test from 'ava';
import {defineStep, StepladderError} from '../../ts/index.js';
import {show} from '../../ts/text/show.js';

test('whatever a program passes can be shown', t => {
	const itself: Record<string, unknown> = {};
	itself['self'] = itself;
	t.is(show('a'), '"a" (a string)');
	t.is(show(1n), '1n (a bigint)');
	t.is(show([1n]), '["1n"]');
	t.is(show(itself), 'an object that can’t be shown');
	t.is(
		show({
			toJSON() {
				throw new Error('no');
			},
		}),
		'an object that can’t be shown',
	);
	t.is(show(Symbol('one')), 'symbol');
});

test('a bigint where a number belongs is refused as anything else', t => {
	const definition = {name: 'one', experiment: {batchSize: 32n}} as unknown as Parameters<typeof defineStep>[0];
	t.throws(() => defineStep(definition), {instanceOf: StepladderError});
});
