import test from 'ava';
import {asExperiment, type Experiment, type Layer, type Sgd} from '../../ts/experiment/experiment.js';
import {withSettings} from '../../ts/experiment/settings.js';
import {ConfigError, defineStep} from '../../ts/index.js';
import {ladder} from '../helpers/mnist.js';

const first = ladder.step('base-skeleton');

const body: Layer[] = [
	{kind: 'block', channels: 8, kernel: 3, padding: 1},
	{
		kind: 'residual',
		layers: [
			{kind: 'block', channels: 8, kernel: 3, padding: 1},
			{kind: 'concat', branches: [[{kind: 'squeeze-excite', channels: 2}], []]},
		],
	},
	{kind: 'repeat', times: 2, layers: [{kind: 'conv', channels: 8, kernel: 3, padding: 1, bias: true}]},
];
const experiment: Experiment = {...first.experiment, net: {...first.experiment.net, body}};

/** Returns the body with the settings typed as `PATH=JSON`. */
const bodyWith = (...typed: string[]): Layer[] =>
	withSettings(
		experiment,
		typed.map(text => {
			const [path = '', value = ''] = text.split('=');
			return {path, value: JSON.parse(value)};
		}),
	).net.body;

/** Returns the body with the value at a path of its JSON replaced: what `jq 'setpath(PATH; VALUE)'` does. */
const replaced = (path: ReadonlyArray<string | number>, value: unknown): Layer[] => {
	const copy = structuredClone(body);
	const holder = path.slice(0, -1).reduce<never>((inner, key) => inner[key as never], copy as never);
	(holder as Record<string | number, unknown>)[path.at(-1) ?? ''] = value;
	return copy;
};

test('a setting of a layer is reached by its index, within layers too', t => {
	t.deepEqual(bodyWith('net.body.0.channels=12'), replaced([0, 'channels'], 12));
	t.deepEqual(bodyWith('net.body.1.layers.0.kernel=5'), replaced([1, 'layers', 0, 'kernel'], 5));
	t.deepEqual(
		bodyWith('net.body.1.layers.1.branches.0.0.channels=4'),
		replaced([1, 'layers', 1, 'branches', 0, 0, 'channels'], 4),
	);
	t.deepEqual(bodyWith('net.body.2.layers.0.bias=false'), replaced([2, 'layers', 0, 'bias'], false));
	t.deepEqual(bodyWith('net.body.1={"kind":"flatten"}'), replaced([1], {kind: 'flatten'}));
	t.deepEqual(withSettings(experiment, []).net.body, body);
});

test('another file of weights is not compared with the hash of the one before', t => {
	const [before, after] = ['0', '1'].map(digit => digit.repeat(64));
	const placed: Experiment = {
		...experiment,
		start: {from: 'a', sha256: before, freeze: ['body']},
		loss: {teacher: {from: 'a', sha256: before, weight: 1}},
	};
	const set = (path: string, value: unknown) => ({path, value});
	t.deepEqual(withSettings(placed, [set('start.from', 'b')]).start, {from: 'b', freeze: ['body']});
	t.deepEqual(withSettings(placed, [set('start.from', 'b')]).loss, placed.loss);
	t.deepEqual(withSettings(placed, [set('loss.teacher.from', 'b')]).loss, {teacher: {from: 'b', weight: 1}});
	const both = [set('start.sha256', after), set('start.from', 'b')];
	t.deepEqual(withSettings(placed, both).start, {from: 'b', sha256: after, freeze: ['body']});
	t.deepEqual(withSettings(experiment, [set('loss.teacher.from', 'b')]).loss, {teacher: {from: 'b'}});
	t.throws(() => withSettings(experiment, [set('loss.teacher.temperature', 4)]), {
		instanceOf: ConfigError,
		message: /`loss\.teacher\.from`/,
	});
});

test('the index after the last adds a layer; null removes one, and the other indices stay those of the step', t => {
	const [block, residual, repeat] = body;
	t.deepEqual(bodyWith('net.body.3={"kind":"flatten"}'), [...body, {kind: 'flatten'}]);
	t.deepEqual(bodyWith('net.body.0=null'), [residual, repeat]);
	t.deepEqual(bodyWith('net.body.0=null', 'net.body.1=null'), [repeat]);
	t.deepEqual(bodyWith('net.body.0=null', 'net.body.2.times=3', 'net.body.1=null'), [{...repeat, times: 3}]);
	t.deepEqual(bodyWith('net.body.1.layers.0=null', 'net.body.2=null'), [
		block,
		{...residual, layers: (residual as {layers: Layer[]}).layers.slice(1)},
	]);
});

const refused = test.macro({
	exec(t, typed: string[], setting: string, sentence: string) {
		const error = t.throws(() => bodyWith(...typed), {instanceOf: ConfigError});
		t.is(error.message, sentence);
		t.is(error.setting, setting);
	},
	title: (_, typed: string[]) => `refused: ${typed.join(' ')}`,
});

test(
	refused,
	['net.body.1.layers.1.branches.0.0.chanels=3'],
	'net.body.1.layers.1.branches.0.0.chanels',
	'unknown name `net.body.1.layers.1.branches.0.0.chanels` (did you mean `net.body.1.layers.1.branches.0.0.channels`?)',
);
test(
	refused,
	['net.body.0.chanels=3', 'net.body.0.krnel=3'],
	'net.body.0.chanels',
	'unknown names `net.body.0.chanels` (did you mean `net.body.0.channels`?) and `net.body.0.krnel` (did you mean `net.body.0.kernel`?)',
);
test(
	refused,
	['net.body.7.channels=12'],
	'net.body.7',
	'`net.body` has 3 items: expected an index from 0 to 2, or 3 to add an item, got 7',
);
test(
	refused,
	['net.body.last.channels=12'],
	'net.body.last.channels',
	'`net.body.last.channels`: `net.body` is a list: expected an index in place of `last`, such as `net.body.0`',
);
test(
	refused,
	['net.body.1.kind="conv"'],
	'net.body.1.channels',
	'missing `net.body.1.channels` (a number), `net.body.1.kernel` (a number), `net.body.1.padding` (a number) and `net.body.1.bias` (`true` or `false`)',
);
test(
	refused,
	['net.body.1.shortcut="identitty"'],
	'net.body.1.shortcut',
	'`net.body.1.shortcut` should be one of `identity`, `conv`, got "identitty" (a string) (did you mean `identity`?)',
);
test(
	refused,
	['net.body.0=null', 'net.body.2.times="x"'],
	'net.body.2.times',
	'`net.body.2.times` should be a number, got "x" (a string)',
);
test(refused, ['net.bdy.0.channels=12'], 'net.bdy', 'unknown name `net.bdy` (did you mean `net.body`?)');
test(refused, ['net.body={"rotation":3}'], 'net.body', '`net.body` should be a list, got {"rotation":3}');
test(refused, ['__proto__.x=1'], '__proto__', 'unknown name `__proto__`');

test('an unknown kind of a layer is refused with the kind that may be meant', t => {
	const error = t.throws(() => bodyWith('net.body.1.kind="residul"'), {instanceOf: ConfigError});
	t.is(error.setting, 'net.body.1.kind');
	t.regex(
		error.message,
		/^`net\.body\.1\.kind` should be one of `block`, .*, got "residul" .*\(did you mean `residual`\?\)$/,
	);
});

test('all missing and all unknown settings of an experiment are named in one sentence', t => {
	const {batchSize: _, ...rest} = experiment;
	const {momentum: __, ...optimizer} = rest.optimizer as Sgd;
	t.throws(() => asExperiment({...rest, optimizer: {...optimizer, momentun: 0.9}, epoch: 3}), {
		instanceOf: ConfigError,
		message:
			'unknown names `optimizer.momentun` (did you mean `optimizer.momentum`?) and `epoch` (did you mean `epochs`?); missing `batchSize` (a number)',
	});
});

const target = {why: 'A test.', testAccuracy: 0.5, heldFor: 1, maxParameters: 1e6, maxEpochs: 100};

test('a step changes one layer by its index', t => {
	const from = defineStep({name: 'nested', experiment, target});
	const step = defineStep({
		name: 'wider',
		from,
		change: {net: {body: {0: {channels: 12}, 1: {zeroInit: true}, 3: {kind: 'flatten'}}}},
		target,
	});
	t.deepEqual(step.experiment.net.body, [
		{...body[0], channels: 12},
		{...body[1], zeroInit: true},
		body[2],
		{kind: 'flatten'},
	] as Layer[]);
	const removed = defineStep({name: 'shorter', from, change: {net: {body: {0: undefined, 2: {times: 3}}}}, target});
	t.deepEqual(removed.experiment.net.body, [body[1], {...body[2], times: 3}] as Layer[]);
	t.throws(() => defineStep({name: 'beyond', from, change: {net: {body: {4: {kind: 'flatten'}}}}, target}), {
		message: 'step `beyond`: `net.body` has 3 items: expected an index from 0 to 2, or 3 to add an item, got 4',
	});
});
