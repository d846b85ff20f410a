import test from 'ava';
import {checkGoal, goalOf} from '../../ts/experiment/goal.js';
import {constantAnswer, isTrivial, type Metric, metricValue} from '../../ts/experiment/metric.js';
import {constantLabel, measurePredictions} from '../../ts/experiment/prediction-measures.js';
import {reachTarget} from '../../ts/experiment/reach-target.js';
import {ConfigError, defineLadder, type Goal, idx} from '../../ts/index.js';
import {measuresOfConfusion} from '../../ts/statistics/classification.js';

const classes = ['good', 'scratch', 'dent'];
const budgets = {heldFor: 2, maxParameters: 1000, maxEpochs: 10};
const epoch = (count: number[], predicted: number[], correct: number[]) => ({
	testCorrect: correct.reduce((sum, images) => sum + images, 0),
	testTotal: count.reduce((sum, images) => sum + images, 0),
	testByClass: {count, predicted, correct},
});

test('the best constant answer is what a model that always gives it would get', t => {
	const confusion = [
		[70, 0, 0],
		[20, 0, 0],
		[10, 0, 0],
	];
	const measures = measuresOfConfusion(confusion); // equal to scikit-learn's in test/statistics
	for (const metric of ['accuracy', 'balancedAccuracy', 'macroF1'] as const) {
		const {class: name, value} = constantAnswer(metric, [70, 20, 10], classes);
		t.is(name, 'good');
		t.true(Math.abs(value - measures[metric]) < 1e-12, metric);
	}

	t.is(constantAnswer({recall: 'dent'}, [70, 20, 10], classes).value, 0.7);
	t.is(constantAnswer('balancedAccuracy', [5, 5, 0], classes).value, 0.5, 'a class without images does not count');
});

test('a target is trivial if a constant answer reaches it; one on a recall is not compared', t => {
	const answer = {class: 'good', value: 0.7};
	t.true(isTrivial({metric: 'accuracy', atLeast: 0.7}, answer));
	t.false(isTrivial({metric: 'accuracy', atLeast: 0.701}, answer));
	t.false(isTrivial({metric: {recall: 'dent'}, atLeast: 0.1}, answer));
});

test('each of the last epochs has to reach a metric, and an epoch without counts by class does not', t => {
	const goal: Goal = {metric: {recall: 'dent'}, atLeast: 0.5, ...budgets};
	const low = epoch([10, 5, 4], [12, 4, 3], [9, 3, 1]);
	const high = epoch([10, 5, 4], [10, 4, 5], [9, 3, 3]);
	t.deepEqual(reachTarget(goal, [low, high, high], classes), {values: [0.75, 0.75], isReached: true});
	t.deepEqual(reachTarget(goal, [high, high, low], classes), {values: [0.75, 0.25], isReached: false});
	t.deepEqual(reachTarget(goal, [high], classes), {values: [0.75], isReached: false});
	const {testByClass: _, ...old} = high;
	t.deepEqual(reachTarget(goal, [high, old], classes), {values: [0.75, Number.NaN], isReached: false});
	t.deepEqual(reachTarget({testAccuracy: 0.7, ...budgets}, [old, old], classes), {
		values: [15 / 19, 15 / 19],
		isReached: true,
	});
});

test('counts by class give the metrics of the confusion that they come from', t => {
	const confusion = [
		[9, 1, 0],
		[2, 3, 0],
		[1, 0, 3],
	];
	const {testByClass: counts} = epoch([10, 5, 4], [12, 4, 3], [9, 3, 3]);
	const expected = measuresOfConfusion(confusion);
	t.is(metricValue('macroF1', counts, classes), expected.macroF1);
	t.is(metricValue('balancedAccuracy', counts, classes), expected.balancedAccuracy);
	t.is(metricValue({recall: 'scratch'}, counts, classes), 0.6);
	t.throws(() => metricValue({recall: 'scrach'}, counts, classes), {
		instanceOf: ConfigError,
		message: '`target.metric.recall` should be a class of the data, got "scrach" (did you mean `scratch`?)',
	});
});

test('predictions are constant if one class is predicted for images of several', t => {
	t.is(constantLabel([2, 2, 2], 1), 2);
	t.is(constantLabel([2, 2, 2], 3), undefined, 'all images are of that class');
	t.is(constantLabel([2, 2, 1], 1), undefined);
	t.is(constantLabel([], 0), undefined);
});

test('a class of the net that the data do not have is counted where it is predicted', t => {
	const {perClass, macroF1} = measurePredictions({labels: [0, 1], predictions: [0, 3]}, ['a', 'b']);
	t.deepEqual(
		perClass.map(({class: name, count}) => [name, count]),
		[
			['a', 1],
			['b', 1],
			['2', 0],
			['3', 0],
		],
	);
	t.is(macroF1, 1 / 3); // of classes a, b and 3, as scikit-learn averages over labels and predictions
});

test('a target on accuracy has its first form, however it is written', t => {
	t.deepEqual(goalOf({metric: 'accuracy', atLeast: 0.9, ...budgets}), {testAccuracy: 0.9, ...budgets});
	const named: Goal = {metric: {recall: 'dent'}, atLeast: 0.9, ...budgets, primary: 'macroF1'};
	t.deepEqual(goalOf(named), named);
});

const refuses = test.macro((t, goal: object, message: string) => {
	t.throws(() => checkGoal({...budgets, ...goal} as Goal), {instanceOf: ConfigError, message});
});
const noMetric = 'should be `accuracy`, `balancedAccuracy`, `macroF1` or `{recall: CLASS}`';
test(
	'a target without a value is refused',
	refuses,
	{},
	'`target.testAccuracy` should be a fraction above 0 and at most 1, got undefined',
);
test(
	'a metric without a value is refused',
	refuses,
	{metric: 'macroF1'},
	'`target.atLeast` should be a fraction above 0 and at most 1, got undefined',
);
test(
	'a value without a metric is refused',
	refuses,
	{atLeast: 0.5},
	'`target.metric` should be given beside `atLeast`, such as `macroF1`, got undefined',
);
test(
	'two forms of a target are refused',
	refuses,
	{testAccuracy: 0.5, metric: 'macroF1', atLeast: 0.5},
	'`target.metric` should be left out beside `testAccuracy`, got "macroF1" (a string)',
);
test(
	'an unknown metric is refused',
	refuses,
	{metric: 'f1', atLeast: 0.5},
	`\`target.metric\` ${noMetric}, got "f1" (a string)`,
);
test(
	'an inherited name is no metric',
	refuses,
	{metric: 'toString', atLeast: 0.5},
	`\`target.metric\` ${noMetric}, got "toString" (a string)`,
);
test(
	'a recall of no class is refused',
	refuses,
	{metric: {recall: 3} as unknown as Metric, atLeast: 0.5},
	`\`target.metric\` ${noMetric}, got {"recall":3}`,
);
test(
	'a percentage is refused',
	refuses,
	{metric: 'macroF1', atLeast: 90},
	'`target.atLeast` should be a fraction above 0 and at most 1, got 90',
);

test('the goal of a ladder may be on a metric, and is checked as a target is', t => {
	const data = idx('data');
	const target = {metric: {recall: 'dent'}, atLeast: 0.9, heldFor: 3};
	t.deepEqual(defineLadder({name: 'Parts', data, target}).target, target);
	t.throws(() => defineLadder({name: 'Parts', data, target: {metric: 'macroF1'}}), {
		message: '`target.atLeast` should be a fraction above 0 and at most 1, got undefined',
	});
	t.throws(() => defineLadder({name: 'Parts', data, target: {testAccuracy: 0.5, atLeast: 0.5}}), {
		message: '`target.atLeast` should be left out beside `testAccuracy`, got 0.5',
	});
});
