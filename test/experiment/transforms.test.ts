import test from 'ava';
import {aspectsChanged} from '../../ts/experiment/difference.js';
import {type Augmentation, asExperiment, type Transform} from '../../ts/experiment/experiment.js';
import {ConfigError} from '../../ts/index.js';
import {changesBetween} from '../../ts/report/changes.js';
import {ladder} from '../helpers/mnist.js';

const {experiment} = ladder.step('fc-layer');
const ranges = ladder.step('augmentation').experiment.augmentation;

const withAugmentation = (augmentation: Augmentation | undefined) => ({...experiment, augmentation});

const flip: Transform = {kind: 'flip'};
const upside: Transform = {kind: 'flip', direction: 'vertical'};
const crop: Transform = {kind: 'crop', padding: 2, fill: 'edge'};
const noise: Transform = {kind: 'noise', sigma: 0.05};

const aspects = test.macro(
	(t, before: Augmentation | undefined, after: Augmentation | undefined, expected: string[]) => {
		t.deepEqual([...aspectsChanged(withAugmentation(before), withAugmentation(after))].map(String), expected);
	},
);

test('the first form is one aspect as a whole', aspects, undefined, ranges, ['augmentation']);
test('a change of form is one aspect', aspects, ranges, [flip, crop], ['augmentation']);
test('a transform more is one aspect', aspects, [flip], [crop, flip], ['augmentation: crop']);
test('the first transform is one aspect', aspects, undefined, [flip], ['augmentation: flip']);
test('two transforms are two aspects', aspects, undefined, [flip, crop], ['augmentation: flip', 'augmentation: crop']);
test('a transform less is one aspect', aspects, [flip, upside, crop], [upside, crop], ['augmentation: flip']);
test('no transform any more is one aspect', aspects, [crop], undefined, ['augmentation: crop']);
test(
	'settings of one transform are one aspect',
	aspects,
	[flip, crop],
	[flip, {...crop, padding: 3, size: 20}],
	['augmentation: crop'],
);
test(
	'two transforms of one kind are two aspects',
	aspects,
	[flip],
	[upside, {...flip, probability: 0.1}],
	['augmentation: flip', 'augmentation: flip'],
);
test('another order is one aspect', aspects, [flip, crop], [crop, flip], ['order of augmentation']);
test('the order of a transform’s settings is none', aspects, [crop], [{fill: 'edge', padding: 2, kind: 'crop'}], []);

test('a report names the transforms that changed, with their settings', t => {
	const settings = (before: Augmentation | undefined, after: Augmentation | undefined) =>
		changesBetween(withAugmentation(before), withAugmentation(after)).settings;
	t.deepEqual(settings([flip, crop], [noise, {...crop, padding: 3}]), [
		{setting: 'augmentation, flip', before: 'defaults', after: 'none'},
		{setting: 'augmentation, crop', before: 'padding 2, fill edge', after: 'padding 3, fill edge'},
		{setting: 'augmentation, noise', before: 'none', after: 'sigma 0.05'},
	]);
	t.deepEqual(settings([flip, crop], [crop, flip]), [
		{setting: 'order of augmentation', before: 'flip, crop', after: 'crop, flip'},
	]);
	const [{before = '', after = ''} = {}] = settings(ranges, [flip, crop]);
	t.regex(before, /^rotation 10, translation 0\.1, /);
	t.is(after, 'flip (defaults), crop (padding 2, fill edge)');
});

const refused = test.macro((t, augmentation: unknown, sentence: string | RegExp) => {
	t.throws(() => asExperiment({...experiment, augmentation}), {instanceOf: ConfigError, message: sentence});
});

test('what is no augmentation', refused, 5, '`augmentation` should be a list of transforms, got 5');
test(
	'an unknown transform',
	refused,
	[flip, {kind: 'flop'}],
	'`augmentation.1.kind` should be one of `affine`, `flip`, `crop`, `erase`, `elastic`, `colour`, `noise`, `blur`, `mixup`, `cutmix`, got "flop" (a string) (did you mean `flip`?)',
);
test(
	'a misspelt setting',
	refused,
	[{kind: 'flip', probabilty: 0.5}],
	'unknown name `augmentation.0.probabilty` (did you mean `augmentation.0.probability`?)',
);
test(
	'a missing setting',
	refused,
	[noise, {kind: 'crop'}],
	'`augmentation.1.padding` should be a number, got undefined',
);
test(
	'a colour that is none',
	refused,
	[{kind: 'affine', fill: 'edges'}],
	'`augmentation.0.fill` should be one of `black`, `white`, `edge`, `#rrggbb`, got "edges" (a string)',
);
test(
	'edges where something is erased',
	refused,
	[{kind: 'erase', fill: 'edge'}],
	'`augmentation.0.fill` should be one of `black`, `white`, `#rrggbb`, got "edge" (a string)',
);
test('a misspelt range of the first form', refused, {...ranges, rotatoin: 1}, /unknown name `augmentation\.rotatoin`/);
