import test from 'ava';
import fc from 'fast-check';
import {merge} from '../../ts/experiment/merge.js';
import {ConfigError, defineStep, differences, type StepDefinition} from '../../ts/index.js';
import {ladder} from '../helpers/mnist.js';

const target = {why: 'Because.', testAccuracy: 0.99, heldFor: 3, maxParameters: 15_000, maxEpochs: 15};
const from = ladder.step('dropout');

const refuses = test.macro((t, definition: unknown, expected: RegExp) => {
	t.throws(() => defineStep(definition as StepDefinition), {instanceOf: ConfigError, message: expected});
});

test('a step inherits what it does not change', t => {
	const step = defineStep({name: 'more-dropout', from, change: {net: {block: {dropout: 0.1}}}, target});
	t.is(step.aspect, 'net block');
	t.deepEqual(differences(from.experiment, step.experiment), [{path: 'net.block.dropout', before: 0.03, after: 0.1}]);
});

test('another kind of optimizer may bring rates of its own, and no other schedule', t => {
	const optimizer = {kind: 'adamw', weightDecay: 0.05} as const;
	const step = defineStep({name: 'x', from, change: {optimizer, schedule: {learningRate: 0.001}}, target});
	t.is(step.aspect, 'optimizer');
	t.deepEqual(step.experiment.optimizer, optimizer);
	t.is(defineStep({name: 'x', from, change: {optimizer: {clipNorm: 1}}, target}).aspect, 'optimizer');
	t.is(defineStep({name: 'x', from, change: {schedule: {learningRate: 0.001}}, target}).aspect, 'schedule');
	const cosine = {kind: 'cosine', learningRate: 0.001} as const;
	t.throws(() => defineStep({name: 'x', from, change: {optimizer, schedule: cosine}, target}), {
		message: /about one aspect.*got optimizer and schedule$/,
	});
	const sgd = {kind: 'sgd', momentum: 0.8, nesterov: true, weightDecay: 0} as const;
	t.throws(() => defineStep({name: 'x', from, change: {optimizer: sgd, schedule: {learningRate: 1}}, target}), {
		message: /got optimizer and schedule$/,
	});
});
test(
	'a kind of optimizer that does not exist is refused by the names of those that do',
	refuses,
	{name: 'x', from, change: {optimizer: {kind: 'adam'}}, target},
	/^step `x`: `optimizer\.kind` should be one of `sgd`, `adamw`, got "adam" .*did you mean `adamw`/,
);
test(
	'a setting of another kind of optimizer is refused by name',
	refuses,
	{name: 'x', from, change: {optimizer: {beta1: 0.9}}, target},
	/unknown name `optimizer\.beta1`/,
);
test(
	'a step that changes two aspects is refused',
	refuses,
	{name: 'two', from, change: {net: {block: {dropout: 0.1}}, batchSize: 64}, target},
	/^step `two`: `change` should be about one aspect.*got net block and batch size$/,
);
test(
	'a step that changes nothing is refused',
	refuses,
	{name: 'none', from, change: {epochs: 15}, target},
	/the same experiment/,
);
test(
	'a claim without a predicate is refused',
	refuses,
	{name: 'x', from, change: {batchSize: 64}, target, analysis: [{say: () => 'It is better.'}]},
	/^step `x`: `analysis\.0\.holds` should be a predicate over the records that says when it is true, got undefined$/,
);
test(
	'a claim that is only a sentence is refused',
	refuses,
	{name: 'x', from, change: {batchSize: 64}, target, analysis: ['It is better.']},
	/`analysis\.0\.say` should be a sentence/,
);
test(
	'a setting that does not exist is refused by name',
	refuses,
	{name: 'x', from, change: {optimizer: {momentun: 0.8}}, target},
	/unknown name `optimizer\.momentun` \(did you mean `optimizer\.momentum`\?\)/,
);
test(
	'a setting of the wrong type is refused by name',
	refuses,
	{name: 'x', from, change: {net: {block: {dropout: '0.1'}}}, target},
	/`net\.block\.dropout` should be a number, got "0\.1" \(a string\)/,
);
test(
	'a kind that does not exist is refused by name',
	refuses,
	{name: 'x', from, change: {schedule: {kind: 'exponential', learningRate: 0.1}}, target},
	/`schedule\.kind` should be/,
);
test(
	'a target without a reason is refused',
	refuses,
	{name: 'x', from, change: {batchSize: 64}, target: {...target, why: ' '}},
	/`target\.why`/,
);
test(
	'an accuracy in per cent is refused',
	refuses,
	{name: 'x', from, change: {batchSize: 64}, target: {...target, testAccuracy: 99.4}},
	/a fraction above 0 and at most 1, got 99\.4/,
);
test(
	'a name that no command line could take is refused',
	refuses,
	{name: 'Two Words', from, change: {batchSize: 64}, target},
	/`name`/,
);

const settings = fc.dictionary(fc.string(), fc.oneof(fc.integer(), fc.array(fc.integer())), {maxKeys: 5});

test('`merge` and `differences` agree', t => {
	fc.assert(
		fc.property(settings, settings, (base, change) => {
			const merged = merge<Record<string, unknown>>(base, change);
			const changed = differences(base, merged).map(({path}) => path);
			for (const [key, value] of Object.entries(change)) {
				if (JSON.stringify(merged[key]) !== JSON.stringify(value)) {
					return false;
				}
			}

			return changed.every(path => Object.keys(change).some(key => key === path));
		}),
	);
	t.pass();
});

test('a setting with a name that every object inherits is merged and compared like any other', t => {
	const change = JSON.parse('{"__proto__": {}, "toString": {"a": 1}}');
	const merged = merge<object>({batchSize: 1}, change);
	t.deepEqual(Object.keys(merged), ['batchSize', '__proto__', 'toString']);
	t.deepEqual(
		differences({batchSize: 1}, merged).map(({path}) => path),
		['__proto__', 'toString'],
	);
});

test('a part whose kind changes is replaced as a whole', t => {
	const base = {schedule: {kind: 'constant', learningRate: 0.1}};
	t.deepEqual(merge<object>(base, {schedule: {kind: 'one-cycle', pctStart: 0.2}}), {
		schedule: {kind: 'one-cycle', pctStart: 0.2},
	});
});
