import test from 'ava';
import {closestNames, didYouMean} from '../../ts/format/did-you-mean.js';

const steps = ['basic-setup', 'base-skeleton', 'batch-norm', 'dropout', 'fc-layer', 'lr-scheduler', 'weight-averaging'];

const finds = test.macro({
	exec(t, typed: string, expected: string[]) {
		t.deepEqual(closestNames(typed, steps), expected);
	},
	title: (_, typed: string, expected: string[]) => `"${typed}" is near ${expected.join(' and ') || 'no name'}`,
});
test(finds, 'weight-avg', ['weight-averaging']);
test(finds, 'weight', ['weight-averaging']);
test(finds, 'scheduler', ['lr-scheduler']);
test(finds, 'dropuot', ['dropout']);
test(finds, 'Dropout', ['dropout']);
test(finds, 'base-skelton', ['base-skeleton']);
test(finds, 'batchnorm', ['batch-norm']);
test(finds, 'ba', []);
test(finds, 'transformer', []);
test(finds, '', []);

test('close names are suggested in a few words, and no words are added without one', t => {
	t.is(didYouMean('fc', ['fc-layer', 'fc-later']), '');
	t.is(didYouMean('fc-la', ['fc-layer', 'fc-later']), ' (did you mean `fc-layer` or `fc-later`?)');
	t.is(didYouMean('cnn', steps), '');
});
