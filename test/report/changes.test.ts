import test from 'ava';
import {changesBetween} from '../../ts/report/changes.js';
import {ladder} from '../helpers/mnist.js';

const changesOf = (name: string) => {
	const {from, experiment} = ladder.step(name);
	return changesBetween(from?.experiment ?? experiment, experiment);
};

test('a changed setting has its name, and its values before and after', t => {
	t.deepEqual(changesOf('dropout'), {settings: [{setting: 'dropout', before: '0', after: '0.03'}], layers: []});
	t.deepEqual(changesOf('batch-norm').settings, [{setting: 'norm', before: 'none', after: 'batch'}]);
});

test('nets are aligned, and equal layers at the start and the end are not marked', t => {
	const {settings, layers} = changesOf('fc-layer');
	t.deepEqual(settings, []);
	t.deepEqual(
		layers.filter(({changed}) => changed).map(({before}) => before),
		['conv 6 x 6 to 10 channels', '', ''],
	);
	t.deepEqual(layers.at(0), {before: 'block 3 x 3 to 8 channels', after: 'block 3 x 3 to 8 channels', changed: false});
	t.deepEqual(layers.at(-1), {before: 'flatten', after: 'flatten', changed: false});
});
