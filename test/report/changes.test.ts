import test from 'ava';
import type {Experiment} from '../../ts/experiment/experiment.js';
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

test('another kind of optimizer or schedule is shown as a whole', t => {
	const {experiment} = ladder.step('dropout');
	const settings = (change: Partial<Experiment>) => changesBetween(experiment, {...experiment, ...change}).settings;
	t.deepEqual(settings({optimizer: {kind: 'adamw'}, schedule: {kind: 'constant', learningRate: 0.001}}), [
		{setting: 'schedule, learning rate', before: '0.01', after: '0.001'},
		{
			setting: 'optimizer',
			before: 'sgd (momentum 0.9, nesterov yes, weight decay 0.0001)',
			after: 'adamw',
		},
	]);
	const warmUp = {epochs: 2};
	t.deepEqual(settings({schedule: {kind: 'cosine', learningRate: 0.1, warmUp}}), [
		{
			setting: 'schedule',
			before: 'constant (learning rate 0.01)',
			after: 'cosine (learning rate 0.1, warm up epochs 2)',
		},
	]);
	t.deepEqual(settings({optimizer: {...experiment.optimizer, decayed: 'weights', clipNorm: 1}}), [
		{setting: 'optimizer, decayed', before: 'none', after: 'weights'},
		{setting: 'optimizer, clip norm', before: 'none', after: '1'},
	]);
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
