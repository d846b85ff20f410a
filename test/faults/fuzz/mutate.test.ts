import test from 'ava';
import {mutateValue} from './mutate.js';
import {Random} from './random.js';

test('an input follows from its number alone, whatever was drawn before it', t => {
	const original = {name: 'tiny', shape: [1, 28, 28], layers: [{kind: 'conv2d', filters: 8}, {kind: 'relu'}]};
	const input = (index: number): string => JSON.stringify(mutateValue(original, new Random(`value 1 ${index}`)));
	const drawn = Array.from({length: 3000}, (_, index) => input(index));
	const changed = drawn.findIndex((before, index) => input(index) !== before);
	t.is(changed, -1);
});
